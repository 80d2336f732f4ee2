// SPDX-License-Identifier: MIT
pragma solidity ^0.8.24;

/// Who may read what, on a host chain of the later profile, as far as connectors ask. The owner stands in for the
/// contracts that compute with ciphertexts: it says which handle is whose.
contract HostACL {
    error OwnableUnauthorizedAccount(address account);
    error ExpirationDateInThePast();
    error InvalidationTimestampInTheFuture();
    error InvalidationTimestampTooLow();

    event Allowed(address indexed caller, address indexed account, bytes32 handle);
    event AllowedForDecryption(address indexed caller, bytes32[] handlesList);
    event DecryptionSignaturesInvalidated(address indexed account, uint256 beforeTimestamp);

    address private immutable owner = msg.sender;
    mapping(bytes32 handle => mapping(address account => bool)) public isAllowed;
    mapping(bytes32 handle => bool) public isAllowedForDecryption;
    mapping(address user => uint256) public decryptionSignatureInvalidatedBefore;
    mapping(address delegator => mapping(address delegate => mapping(address contractAddress => uint64))) private until;

    modifier onlyOwner() {
        if (msg.sender != owner) revert OwnableUnauthorizedAccount(msg.sender);
        _;
    }

    function allow(bytes32 handle, address account) external onlyOwner {
        isAllowed[handle][account] = true;
        emit Allowed(msg.sender, account, handle);
    }

    function allowForDecryption(bytes32[] calldata handlesList) external onlyOwner {
        for (uint256 i = 0; i < handlesList.length; i++) isAllowedForDecryption[handlesList[i]] = true;
        emit AllowedForDecryption(msg.sender, handlesList);
    }

    function delegateForUserDecryption(address delegate, address contractAddress, uint64 expirationDate) external {
        if (expirationDate <= block.timestamp) revert ExpirationDateInThePast();
        until[msg.sender][delegate][contractAddress] = expirationDate;
    }

    function isHandleDelegatedForUserDecryption(
        address delegator,
        address delegate,
        address contractAddress,
        bytes32 handle
    ) external view returns (bool) {
        return
            isAllowed[handle][delegator] &&
            isAllowed[handle][contractAddress] &&
            until[delegator][delegate][contractAddress] > block.timestamp;
    }

    /// What the caller signed before this time counts no longer.
    function invalidateDecryptionSignaturesBefore(uint256 timestamp) external {
        if (timestamp > block.timestamp) revert InvalidationTimestampInTheFuture();
        if (timestamp <= decryptionSignatureInvalidatedBefore[msg.sender]) revert InvalidationTimestampTooLow();
        decryptionSignatureInvalidatedBefore[msg.sender] = timestamp;
        emit DecryptionSignaturesInvalidated(msg.sender, timestamp);
    }
}
