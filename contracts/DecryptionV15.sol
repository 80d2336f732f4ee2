// SPDX-License-Identifier: MIT
pragma solidity ^0.8.24;

import "./Decryption.sol";

struct HandleEntry {
    bytes32 handle;
    address contractAddress;
    address ownerAddress;
}

struct RequestValiditySeconds {
    uint256 startTimestamp;
    uint256 durationSeconds;
}

struct UserDecryptionPayload {
    address userAddress;
    bytes publicKey;
    address[] allowedContracts;
    RequestValiditySeconds requestValidity;
    bytes extraData;
    bytes signature;
}

/// The later profile: events that carry handles alone stand beside the older ones, a request is bound to a context of
/// the KMS, and a user's request of the second form is checked by connectors, not here.
contract DecryptionV15 is Decryption {
    error EmptyHandles();
    error UnsupportedExtraDataVersion(uint8 version);
    error InvalidExtraDataLength(uint256 expected, uint256 actual);
    error InvalidNullContextId();
    error InvalidKmsContext(uint256 contextId);
    error DecryptionContextMismatch(uint256 decryptionId, uint256 expected, uint256 actual);

    event PublicDecryptionRequest(uint256 indexed decryptionId, bytes32[] ctHandles, bytes extraData);
    event UserDecryptionRequest(
        uint256 indexed decryptionId,
        bytes32[] ctHandles,
        address userAddress,
        bytes publicKey,
        bytes extraData
    );
    event UserDecryptionRequest(
        uint256 indexed decryptionId,
        SnsCiphertextMaterial[] snsCtMaterials,
        HandleEntry[] handles,
        UserDecryptionPayload payload
    );
    event UserDecryptionRequest(uint256 indexed decryptionId, HandleEntry[] handles, UserDecryptionPayload payload);

    uint256 private constant FIRST_CONTEXT = (7 << 248) + 1;

    uint256 public getCurrentKmsContextId = FIRST_CONTEXT;
    mapping(uint256 decryptionId => uint256) private contextOf;

    constructor(GatewayConfig gatewayConfig, CiphertextCommits commits_) Decryption(gatewayConfig, commits_) {}

    function userDecryptionRequest(
        HandleEntry[] calldata entries,
        address userAddress,
        bytes calldata publicKey,
        address[] calldata allowedContracts,
        RequestValiditySeconds calldata validity,
        bytes calldata signature,
        bytes calldata extraData
    ) external {
        UserDecryptionPayload memory payload = UserDecryptionPayload(
            userAddress,
            publicKey,
            allowedContracts,
            validity,
            extraData,
            signature
        );
        announceEntries(newEntries(entries, publicKey, extraData), entries, payload);
    }

    /// The next context is the current one; those before it stay valid.
    function beginKmsContext() external {
        if (msg.sender != config.owner()) revert GatewayConfig.NotGatewayOwner(msg.sender);
        getCurrentKmsContextId++;
    }

    function isValidKmsContext(uint256 contextId) public view returns (bool) {
        return contextId >= FIRST_CONTEXT && contextId <= getCurrentKmsContextId;
    }

    function announcePublic(
        uint256 id,
        SnsCiphertextMaterial[] memory materials,
        bytes32[] calldata handles,
        bytes calldata extraData
    ) internal override {
        contextOf[id] = contextIn(extraData);
        super.announcePublic(id, materials, handles, extraData);
        emit PublicDecryptionRequest(id, handles, extraData);
    }

    function announceUser(
        uint256 id,
        SnsCiphertextMaterial[] memory materials,
        bytes32[] memory handles,
        address userAddress,
        bytes calldata publicKey,
        bytes calldata extraData
    ) internal override {
        contextOf[id] = contextIn(extraData);
        super.announceUser(id, materials, handles, userAddress, publicKey, extraData);
        emit UserDecryptionRequest(id, handles, userAddress, publicKey, extraData);
    }

    function checkAnswer(uint256 id, bytes calldata extraData) internal view override {
        uint256 context = contextIn(extraData);
        if (context != contextOf[id]) revert DecryptionContextMismatch(id, contextOf[id], context);
    }

    function newEntries(
        HandleEntry[] calldata entries,
        bytes calldata publicKey,
        bytes calldata extraData
    ) private returns (uint256 id) {
        if (entries.length == 0) revert EmptyHandles();
        id = newUserRequest(handlesOf(entries), publicKey);
        contextOf[id] = contextIn(extraData);
    }

    function announceEntries(
        uint256 id,
        HandleEntry[] calldata entries,
        UserDecryptionPayload memory payload
    ) private {
        emit UserDecryptionRequest(id, materialsOf(handlesOf(entries)), entries, payload);
        emit UserDecryptionRequest(id, entries, payload);
    }

    function handlesOf(HandleEntry[] calldata entries) private pure returns (bytes32[] memory handles) {
        handles = new bytes32[](entries.length);
        for (uint256 i = 0; i < entries.length; i++) handles[i] = entries[i].handle;
    }

    /// Empty or version 0: the current context; version 1: a context; version 2: a context and an epoch.
    function contextIn(bytes calldata extraData) private view returns (uint256 id) {
        if (extraData.length == 0 || extraData[0] == 0) return getCurrentKmsContextId;
        uint8 version = uint8(extraData[0]);
        if (version > 2) revert UnsupportedExtraDataVersion(version);
        uint256 expected = 1 + 32 * uint256(version);
        if (extraData.length < expected) revert InvalidExtraDataLength(expected, extraData.length);
        id = uint256(bytes32(extraData[1:33]));
        if (id == 0) revert InvalidNullContextId();
        if (!isValidKmsContext(id)) revert InvalidKmsContext(id);
    }
}
