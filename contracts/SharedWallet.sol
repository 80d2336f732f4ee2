// SPDX-License-Identifier: MIT
pragma solidity ^0.8.24;

/// A user that is a contract (ERC-1271): a request is its own if each of its owners has signed it, one signature behind the other.
/// Owners change, and then other signatures are good.
contract SharedWallet {
    error NotAnOwner(address account);

    bytes4 private constant VALID = 0x1626ba7e;
    uint256 private constant SIGNATURE = 65;

    address[] public owners;

    constructor(address[] memory all) {
        owners = all;
    }

    function replaceOwner(uint256 i, address by) external {
        for (uint256 k = 0; k < owners.length; k++)
            if (owners[k] == msg.sender) {
                owners[i] = by;
                return;
            }
        revert NotAnOwner(msg.sender);
    }

    function isValidSignature(bytes32 digest, bytes calldata signatures) external view returns (bytes4) {
        if (signatures.length != owners.length * SIGNATURE) return 0xffffffff;
        for (uint256 i = 0; i < owners.length; i++) {
            bytes calldata s = signatures[i * SIGNATURE:(i + 1) * SIGNATURE];
            address by = ecrecover(digest, uint8(s[64]), bytes32(s[:32]), bytes32(s[32:64]));
            if (by == address(0) || by != owners[i]) return 0xffffffff;
        }
        return VALID;
    }
}
