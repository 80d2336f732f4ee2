// SPDX-License-Identifier: MIT
pragma solidity ^0.8.24;

import "./Signed.sol";

/// Contexts (who the KMS nodes are) and epochs (which shares they hold), on a host chain.
///
/// A new context waits until every node of it and T + 1 of the previous one have confirmed it; then its first epoch is
/// announced. An epoch is active once enough nodes of its context attest the same keys.
contract ProtocolConfig is Signed {
    struct KmsNodeParams {
        address txSenderAddress;
        address signerAddress;
        string ipAddress;
        string storageUrl;
        int32 partyId;
        string mpcIdentity;
        bytes caCert;
        string storagePrefix;
    }
    struct Thresholds {
        uint256 publicDecryption;
        uint256 userDecryption;
        uint256 kmsGen;
        uint256 mpc;
    }
    struct PcrValues {
        bytes pcr0;
        bytes pcr1;
        bytes pcr2;
    }
    struct KeyDigest {
        uint8 keyType;
        bytes digest;
    }
    struct EpochKey {
        uint256 prepKeygenId;
        uint256 keyId;
        KeyDigest[] keyDigests;
        bytes signature;
    }
    struct EpochCrs {
        uint256 crsId;
        uint256 maxBitLength;
        bytes crsDigest;
        bytes signature;
    }

    error NotHostOwner(address account);
    error EmptyKmsNodes();
    error InvalidKmsContext(uint256 contextId);
    error InvalidKmsEpoch(uint256 epochId);
    error KmsContextNotPending(uint256 contextId);
    error KmsContextCreationUnauthorized(address account, uint256 contextId);
    error KmsContextCreationAlreadyConfirmed(address account, uint256 contextId);
    error EpochActivationUnauthorized(address account, uint256 epochId);
    error EpochActivationAlreadyConfirmed(address account, uint256 epochId);
    error EmptyEpochActivationAttestation(uint256 epochId);
    error LatestActiveKmsContextCannotBeDestroyed(uint256 contextId);
    error LatestActiveKmsEpochCannotBeDestroyed(uint256 epochId);

    event NewKmsContext(
        uint256 indexed contextId,
        uint256 indexed previousContextId,
        KmsNodeParams[] kmsNodeParams,
        Thresholds thresholds,
        string softwareVersion,
        PcrValues[] pcrValues
    );
    event KmsContextCreationConfirmation(
        uint256 indexed kmsContextId,
        address indexed txSender,
        bool isPreviousTxSender,
        bool isNewTxSender
    );
    event NewKmsEpoch(
        uint256 indexed kmsContextId,
        uint256 indexed epochId,
        uint256 previousContextId,
        uint256 previousEpochId,
        uint256 materialBlockNumber
    );
    event EpochActivationConfirmation(uint256 indexed epochId, address indexed signer, bytes32 dataHash);
    event ActivateEpoch(
        uint256 indexed kmsContextId,
        uint256 indexed epochId,
        EpochKey[] keys,
        EpochCrs[] crsList,
        string[] kmsNodeStorageUrls
    );
    event KmsContextDestroyed(uint256 indexed kmsContextId);
    event KmsEpochDestroyed(uint256 indexed epochId);

    uint256 private constant CONTEXT_TAG = 7 << 248;
    uint256 private constant EPOCH_TAG = 8 << 248;

    enum State {
        None,
        Pending,
        Active,
        Destroyed
    }
    struct Context {
        State state;
        address[] txSenders;
        mapping(address txSender => address) signerOf;
        Thresholds thresholds;
        mapping(address txSender => bool) confirmed;
        uint256 confirmedByNew;
        uint256 confirmedByOld;
        uint256 block_;
        bytes32 hash;
    }
    struct Epoch {
        State state;
        uint256 contextId;
        mapping(address txSender => bool) confirmed;
        mapping(bytes32 hash => uint256) count;
    }

    address private immutable owner = msg.sender;
    mapping(uint256 contextId => Context) private contexts;
    mapping(uint256 epochId => Epoch) private epochs;
    uint256 private lastContext = CONTEXT_TAG;
    uint256 private lastEpoch = EPOCH_TAG;
    uint256 private currentContext;
    uint256 private currentEpoch;

    modifier onlyOwner() {
        if (msg.sender != owner) revert NotHostOwner(msg.sender);
        _;
    }

    /// The first context and its first epoch are active at once.
    constructor(
        KmsNodeParams[] memory nodes,
        Thresholds memory thresholds,
        string memory softwareVersion,
        PcrValues[] memory pcrValues
    ) Signed("ProtocolConfig") {
        currentContext = newContext(nodes, thresholds, softwareVersion, pcrValues);
        contexts[currentContext].state = State.Active;
        currentEpoch = ++lastEpoch;
        epochs[currentEpoch].state = State.Active;
        epochs[currentEpoch].contextId = currentContext;
    }

    function defineNewKmsContextAndEpoch(
        KmsNodeParams[] memory nodes,
        Thresholds memory thresholds,
        string memory softwareVersion,
        PcrValues[] memory pcrValues
    ) external onlyOwner {
        newContext(nodes, thresholds, softwareVersion, pcrValues);
    }

    function defineNewEpochForCurrentKmsContext() external onlyOwner {
        newEpoch(currentContext);
    }

    function confirmKmsContextCreation(uint256 contextId) external {
        Context storage c = contexts[contextId];
        Context storage previous = contexts[currentContext];
        if (c.state != State.Pending) revert KmsContextNotPending(contextId);
        bool isNew = c.signerOf[msg.sender] != address(0);
        bool isOld = previous.signerOf[msg.sender] != address(0);
        if (!isNew && !isOld) revert KmsContextCreationUnauthorized(msg.sender, contextId);
        if (c.confirmed[msg.sender]) revert KmsContextCreationAlreadyConfirmed(msg.sender, contextId);
        c.confirmed[msg.sender] = true;
        if (isNew) c.confirmedByNew++;
        if (isOld) c.confirmedByOld++;
        emit KmsContextCreationConfirmation(contextId, msg.sender, isOld, isNew);
        if (c.confirmedByNew == c.txSenders.length && c.confirmedByOld > previous.thresholds.mpc) {
            c.state = State.Active;
            newEpoch(contextId);
        }
    }

    function confirmEpochActivation(uint256 epochId, EpochKey[] calldata keys, EpochCrs[] calldata crsList) external {
        Epoch storage e = epochs[epochId];
        Context storage c = contexts[e.contextId];
        if (e.state != State.Pending) revert InvalidKmsEpoch(epochId);
        if (keys.length + crsList.length == 0) revert EmptyEpochActivationAttestation(epochId);
        address signer = c.signerOf[msg.sender];
        if (signer == address(0)) revert EpochActivationUnauthorized(msg.sender, epochId);
        if (e.confirmed[msg.sender]) revert EpochActivationAlreadyConfirmed(msg.sender, epochId);
        e.confirmed[msg.sender] = true;
        bytes32 hash = hashOf(keys, crsList);
        emit EpochActivationConfirmation(epochId, signer, hash);
        if (++e.count[hash] >= c.thresholds.kmsGen) {
            e.state = State.Active;
            currentContext = e.contextId;
            currentEpoch = epochId;
            emit ActivateEpoch(e.contextId, epochId, keys, crsList, new string[](0));
        }
    }

    function destroyKmsContext(uint256 contextId) external onlyOwner {
        if (contextId == currentContext) revert LatestActiveKmsContextCannotBeDestroyed(contextId);
        if (!isValidKmsContext(contextId)) revert InvalidKmsContext(contextId);
        contexts[contextId].state = State.Destroyed;
        emit KmsContextDestroyed(contextId);
    }

    function destroyKmsEpoch(uint256 epochId) external onlyOwner {
        if (epochId == currentEpoch) revert LatestActiveKmsEpochCannotBeDestroyed(epochId);
        if (epochs[epochId].state != State.Active) revert InvalidKmsEpoch(epochId);
        epochs[epochId].state = State.Destroyed;
        emit KmsEpochDestroyed(epochId);
    }

    function getCurrentKmsContextAndEpoch() external view returns (uint256, uint256) {
        return (currentContext, currentEpoch);
    }

    function isValidKmsContext(uint256 contextId) public view returns (bool) {
        return contexts[contextId].state == State.Active;
    }

    function isValidEpochForContext(uint256 contextId, uint256 epochId) external view returns (bool) {
        return
            isValidKmsContext(contextId) &&
            epochs[epochId].state == State.Active &&
            epochs[epochId].contextId == contextId;
    }

    /// Where a context was announced, and the hash of what was said.
    function getKmsContextAnchor(uint256 contextId) external view returns (uint256, bytes32) {
        return (contexts[contextId].block_, contexts[contextId].hash);
    }

    function newContext(
        KmsNodeParams[] memory nodes,
        Thresholds memory thresholds,
        string memory softwareVersion,
        PcrValues[] memory pcrValues
    ) private returns (uint256 id) {
        if (nodes.length == 0) revert EmptyKmsNodes();
        uint256 previous = currentContext == 0 ? CONTEXT_TAG : currentContext;
        id = ++lastContext;
        Context storage c = contexts[id];
        c.state = State.Pending;
        c.thresholds = thresholds;
        c.block_ = block.number;
        c.hash = keccak256(abi.encode(nodes, thresholds, softwareVersion, pcrValues));
        for (uint256 i = 0; i < nodes.length; i++) {
            c.txSenders.push(nodes[i].txSenderAddress);
            c.signerOf[nodes[i].txSenderAddress] = nodes[i].signerAddress;
        }
        emit NewKmsContext(id, previous, nodes, thresholds, softwareVersion, pcrValues);
    }

    function newEpoch(uint256 contextId) private {
        uint256 id = ++lastEpoch;
        epochs[id].state = State.Pending;
        epochs[id].contextId = contextId;
        emit NewKmsEpoch(contextId, id, currentContext, currentEpoch, block.number);
    }

    /// What is attested, without the signatures, which differ from node to node.
    function hashOf(EpochKey[] calldata keys, EpochCrs[] calldata crsList) private pure returns (bytes32 h) {
        for (uint256 i = 0; i < keys.length; i++)
            h = keccak256(abi.encode(h, keys[i].prepKeygenId, keys[i].keyId, keys[i].keyDigests));
        for (uint256 i = 0; i < crsList.length; i++)
            h = keccak256(abi.encode(h, crsList[i].crsId, crsList[i].maxBitLength, crsList[i].crsDigest));
    }
}
