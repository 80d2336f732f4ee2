// SPDX-License-Identifier: MIT
pragma solidity ^0.8.24;

/// Who takes part: KMS nodes, coprocessors, and how many of each must agree. Set by the owner, read by all.
contract GatewayConfig {
    struct KmsNode {
        address txSenderAddress;
        address signerAddress;
        string ipAddress;
        string storageUrl;
    }

    struct Coprocessor {
        address txSenderAddress;
        address signerAddress;
        string s3BucketUrl;
    }

    struct Thresholds {
        uint256 mpcThreshold;
        uint256 publicDecryptionThreshold;
        uint256 userDecryptionThreshold;
        uint256 kmsGenThreshold;
        uint256 coprocessorThreshold;
    }

    error NotGatewayOwner(address account);
    error NotKmsTxSender(address account);
    error NotKmsSigner(address account);
    error NotCoprocessorTxSender(address account);
    error KmsSignerDoesNotMatchTxSender(address signer, address txSender);
    error EmptyKmsNodes();

    event UpdateKmsNodes(
        KmsNode[] newKmsNodes,
        uint256 newMpcThreshold,
        uint256 newPublicDecryptionThreshold,
        uint256 newUserDecryptionThreshold,
        uint256 newKmsGenThreshold
    );
    event UpdateCoprocessors(Coprocessor[] newCoprocessors, uint256 newCoprocessorThreshold);

    address public immutable owner = msg.sender;

    Thresholds private thresholds;
    address[] private kmsTxSenders;
    address[] private kmsSigners;
    address[] private coprocessorTxSenders;
    address[] private coprocessorSigners;
    mapping(address txSender => KmsNode) private kmsNodes;
    mapping(address signer => bool) public isKmsSigner;
    mapping(address txSender => Coprocessor) private coprocessors;

    modifier onlyOwner() {
        if (msg.sender != owner) revert NotGatewayOwner(msg.sender);
        _;
    }

    function updateKmsNodes(
        KmsNode[] calldata nodes,
        uint256 mpc,
        uint256 publicDecryption,
        uint256 userDecryption,
        uint256 kmsGen
    ) external onlyOwner {
        if (nodes.length == 0) revert EmptyKmsNodes();
        for (uint256 i = 0; i < kmsTxSenders.length; i++) delete kmsNodes[kmsTxSenders[i]];
        for (uint256 i = 0; i < kmsSigners.length; i++) delete isKmsSigner[kmsSigners[i]];
        delete kmsTxSenders;
        delete kmsSigners;
        for (uint256 i = 0; i < nodes.length; i++) {
            kmsNodes[nodes[i].txSenderAddress] = nodes[i];
            isKmsSigner[nodes[i].signerAddress] = true;
            kmsTxSenders.push(nodes[i].txSenderAddress);
            kmsSigners.push(nodes[i].signerAddress);
        }
        thresholds.mpcThreshold = mpc;
        thresholds.publicDecryptionThreshold = publicDecryption;
        thresholds.userDecryptionThreshold = userDecryption;
        thresholds.kmsGenThreshold = kmsGen;
        emit UpdateKmsNodes(nodes, mpc, publicDecryption, userDecryption, kmsGen);
    }

    function updateCoprocessors(Coprocessor[] calldata all, uint256 threshold) external onlyOwner {
        for (uint256 i = 0; i < coprocessorTxSenders.length; i++) delete coprocessors[coprocessorTxSenders[i]];
        delete coprocessorTxSenders;
        delete coprocessorSigners;
        for (uint256 i = 0; i < all.length; i++) {
            coprocessors[all[i].txSenderAddress] = all[i];
            coprocessorTxSenders.push(all[i].txSenderAddress);
            coprocessorSigners.push(all[i].signerAddress);
        }
        thresholds.coprocessorThreshold = threshold;
        emit UpdateCoprocessors(all, threshold);
    }

    function isKmsTxSender(address account) public view returns (bool) {
        return account != address(0) && kmsNodes[account].txSenderAddress == account;
    }

    function isCoprocessorTxSender(address account) public view returns (bool) {
        return account != address(0) && coprocessors[account].txSenderAddress == account;
    }

    /// Reverts unless `signer` is a KMS signer, and the one that the node of `txSender` registered.
    function checkKmsSigner(address signer, address txSender) external view {
        if (!isKmsTxSender(txSender)) revert NotKmsTxSender(txSender);
        if (!isKmsSigner[signer]) revert NotKmsSigner(signer);
        if (kmsNodes[txSender].signerAddress != signer) revert KmsSignerDoesNotMatchTxSender(signer, txSender);
    }

    function getKmsNode(address txSender) external view returns (KmsNode memory) {
        return kmsNodes[txSender];
    }

    function getKmsTxSenders() external view returns (address[] memory) {
        return kmsTxSenders;
    }

    function getKmsSigners() external view returns (address[] memory) {
        return kmsSigners;
    }

    function getCoprocessor(address txSender) external view returns (Coprocessor memory) {
        if (!isCoprocessorTxSender(txSender)) revert NotCoprocessorTxSender(txSender);
        return coprocessors[txSender];
    }

    function getCoprocessorTxSenders() external view returns (address[] memory) {
        return coprocessorTxSenders;
    }

    function getCoprocessorSigners() external view returns (address[] memory) {
        return coprocessorSigners;
    }

    function getCoprocessorMajorityThreshold() external view returns (uint256) {
        return thresholds.coprocessorThreshold;
    }

    function getMpcThreshold() external view returns (uint256) {
        return thresholds.mpcThreshold;
    }

    function getPublicDecryptionThreshold() external view returns (uint256) {
        return thresholds.publicDecryptionThreshold;
    }

    function getUserDecryptionThreshold() external view returns (uint256) {
        return thresholds.userDecryptionThreshold;
    }

    function getKmsGenThreshold() external view returns (uint256) {
        return thresholds.kmsGenThreshold;
    }
}
