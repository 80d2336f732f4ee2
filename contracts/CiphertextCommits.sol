// SPDX-License-Identifier: MIT
pragma solidity ^0.8.24;

import "./GatewayConfig.sol";

struct SnsCiphertextMaterial {
    bytes32 ctHandle;
    uint256 keyId;
    bytes32 snsCiphertextDigest;
    address[] coprocessorTxSenderAddresses;
}

/// What the coprocessors say a handle stands for: believed once enough of them say the same.
contract CiphertextCommits {
    error CoprocessorAlreadyAdded(bytes32 ctHandle, address txSender);
    error CiphertextMaterialNotFound(bytes32 ctHandle);
    error NotCoprocessorTxSender(address account);

    event AddCiphertextMaterial(
        bytes32 indexed ctHandle,
        uint256 keyId,
        bytes32 ciphertextDigest,
        bytes32 snsCiphertextDigest,
        address coprocessorTxSender
    );
    event AddCiphertextMaterialConsensus(
        bytes32 indexed ctHandle,
        uint256 keyId,
        bytes32 ciphertextDigest,
        bytes32 snsCiphertextDigest,
        address[] coprocessorTxSenders
    );

    struct Claim {
        uint256 keyId;
        bytes32 ciphertextDigest;
        bytes32 snsCiphertextDigest;
        address[] by;
    }

    GatewayConfig private immutable config;
    mapping(bytes32 ctHandle => mapping(address txSender => bool)) private spoken;
    mapping(bytes32 claimHash => Claim) private claims;
    mapping(bytes32 ctHandle => bytes32 claimHash) private believed;

    constructor(GatewayConfig gatewayConfig) {
        config = gatewayConfig;
    }

    function addCiphertextMaterial(
        bytes32 ctHandle,
        uint256 keyId,
        bytes32 ciphertextDigest,
        bytes32 snsCiphertextDigest
    ) external {
        if (!config.isCoprocessorTxSender(msg.sender)) revert NotCoprocessorTxSender(msg.sender);
        if (spoken[ctHandle][msg.sender]) revert CoprocessorAlreadyAdded(ctHandle, msg.sender);
        spoken[ctHandle][msg.sender] = true;

        bytes32 hash = keccak256(abi.encode(ctHandle, keyId, ciphertextDigest, snsCiphertextDigest));
        Claim storage c = claims[hash];
        c.keyId = keyId;
        c.ciphertextDigest = ciphertextDigest;
        c.snsCiphertextDigest = snsCiphertextDigest;
        c.by.push(msg.sender);
        emit AddCiphertextMaterial(ctHandle, keyId, ciphertextDigest, snsCiphertextDigest, msg.sender);
        if (believed[ctHandle] == 0 && c.by.length >= config.getCoprocessorMajorityThreshold()) {
            believed[ctHandle] = hash;
            emit AddCiphertextMaterialConsensus(ctHandle, keyId, ciphertextDigest, snsCiphertextDigest, c.by);
        }
    }

    function isCiphertextMaterialAdded(bytes32 ctHandle) public view returns (bool) {
        return believed[ctHandle] != 0;
    }

    function getSnsCiphertextMaterials(
        bytes32[] calldata ctHandles
    ) external view returns (SnsCiphertextMaterial[] memory all) {
        all = new SnsCiphertextMaterial[](ctHandles.length);
        for (uint256 i = 0; i < ctHandles.length; i++) {
            if (!isCiphertextMaterialAdded(ctHandles[i])) revert CiphertextMaterialNotFound(ctHandles[i]);
            Claim storage c = claims[believed[ctHandles[i]]];
            all[i] = SnsCiphertextMaterial(ctHandles[i], c.keyId, c.snsCiphertextDigest, c.by);
        }
    }
}
