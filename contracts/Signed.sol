// SPDX-License-Identifier: MIT
pragma solidity ^0.8.24;

/// EIP-712: this contract's domain, and who signed what under it. Errors by the names that connectors decode.
abstract contract Signed {
    error ECDSAInvalidSignatureLength(uint256 length);
    error ECDSAInvalidSignatureS(bytes32 s);
    error ECDSAInvalidSignature();

    bytes32 private constant DOMAIN =
        keccak256("EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)");
    uint256 private constant HALF_ORDER = 0x7FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF5D576E7357A4501DDFE92F46681B20A0;

    string private domainName;

    constructor(string memory name) {
        domainName = name;
    }

    function eip712Domain()
        external
        view
        returns (bytes1, string memory, string memory, uint256, address, bytes32, uint256[] memory)
    {
        return (0x0f, domainName, "1", block.chainid, address(this), bytes32(0), new uint256[](0));
    }

    /// The digest under this contract's domain, as a chain with that id sees it.
    function typedDigest(uint256 chainId, bytes32 structHash) internal view returns (bytes32) {
        bytes32 domain = keccak256(
            abi.encode(DOMAIN, keccak256(bytes(domainName)), keccak256("1"), chainId, address(this))
        );
        return keccak256(abi.encodePacked(hex"1901", domain, structHash));
    }

    function signerOf(bytes32 digest, bytes memory signature) internal pure returns (address signer) {
        if (signature.length != 65) revert ECDSAInvalidSignatureLength(signature.length);
        bytes32 r;
        bytes32 s;
        uint8 v;
        assembly {
            r := mload(add(signature, 32))
            s := mload(add(signature, 64))
            v := byte(0, mload(add(signature, 96)))
        }
        if (uint256(s) > HALF_ORDER) revert ECDSAInvalidSignatureS(s);
        signer = ecrecover(digest, v, r, s);
        if (signer == address(0)) revert ECDSAInvalidSignature();
    }
}
