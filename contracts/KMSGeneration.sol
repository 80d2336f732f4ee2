// SPDX-License-Identifier: MIT
pragma solidity ^0.8.24;

import "./GatewayConfig.sol";
import "./Signed.sol";

/// What a KMS makes: preprocessing, keys, common reference strings, shares dealt anew. Requests come from the owner
/// of the configuration; answers count by what they say, and what enough nodes say becomes active.
contract KMSGeneration is Signed {
    enum ParamsType {
        Default,
        Test
    }
    enum KeyType {
        Server,
        Public,
        Reserved,
        CompressedKeySet
    }

    struct KeyDigest {
        KeyType keyType;
        bytes digest;
    }

    error NotGatewayOwner(address account);
    error KeygenOngoing(uint256 keyId);
    error CrsgenOngoing(uint256 crsId);
    error KeyNotGenerated(uint256 keyId);
    error CrsNotGenerated(uint256 crsId);
    error EmptyKeyDigests(uint256 keyId);
    error PrepKeygenNotRequested(uint256 prepKeygenId);
    error KeygenNotRequested(uint256 keyId);
    error CrsgenNotRequested(uint256 crsId);
    error KmsAlreadySignedForPrepKeygen(uint256 prepKeygenId, address signer);
    error KmsAlreadySignedForKeygen(uint256 keyId, address signer);
    error KmsAlreadySignedForCrsgen(uint256 crsId, address signer);

    event PRSSInit();
    event KeyReshareSameSet(uint256 prepKeygenId, uint256 keyId, uint256 keyReshareId, ParamsType paramsType);
    event PrepKeygenRequest(uint256 prepKeygenId, uint256 epochId, ParamsType paramsType);
    event PrepKeygenResponse(uint256 prepKeygenId, bytes signature, address kmsTxSender);
    event KeygenRequest(uint256 prepKeygenId, uint256 keyId);
    event KeygenResponse(uint256 keyId, KeyDigest[] keyDigests, bytes signature, address kmsTxSender);
    event ActivateKey(uint256 keyId, string[] kmsNodeStorageUrls, KeyDigest[] keyDigests);
    event CrsgenRequest(uint256 crsId, uint256 maxBitLength, ParamsType paramsType);
    event CrsgenResponse(uint256 crsId, bytes crsDigest, bytes signature, address kmsTxSender);
    event ActivateCrs(uint256 crsId, string[] kmsNodeStorageUrls, bytes crsDigest);

    bytes32 private constant PREP = keccak256("PrepKeygenVerification(uint256 prepKeygenId)");
    bytes32 private constant KEY =
        keccak256(
            "KeygenVerification(uint256 prepKeygenId,uint256 keyId,KeyDigest[] keyDigests)KeyDigest(uint8 keyType,bytes digest)"
        );
    bytes32 private constant KEY_DIGEST = keccak256("KeyDigest(uint8 keyType,bytes digest)");
    bytes32 private constant CRS = keccak256("CrsgenVerification(uint256 crsId,uint256 maxBitLength,bytes crsDigest)");

    uint256 internal constant PREP_TAG = 3 << 248;
    uint256 internal constant KEY_TAG = 4 << 248;
    uint256 internal constant CRS_TAG = 5 << 248;
    uint256 private constant RESHARE_TAG = 6 << 248;

    struct Agreement {
        mapping(address signer => bool) signed;
        mapping(bytes32 digest => address[]) txSenders;
        bytes32 agreed;
        bool done;
    }

    GatewayConfig internal immutable config;
    mapping(uint256 requestId => Agreement) internal agreements;
    mapping(uint256 requestId => ParamsType) internal params;
    mapping(uint256 keyId => KeyDigest[]) internal keyDigestsOf;
    mapping(uint256 crsId => bytes) internal crsDigestOf;
    mapping(uint256 crsId => uint256) private maxBitLengthOf;
    uint256 internal lastKey; // counts preprocessing and key alike
    uint256 internal lastCrs = CRS_TAG;
    uint256 private lastReshare = RESHARE_TAG;
    uint256 private activeKey;
    uint256 private activeCrs;

    constructor(GatewayConfig gatewayConfig) Signed("KMSGeneration") {
        config = gatewayConfig;
    }

    modifier onlyOwner() {
        if (msg.sender != config.owner()) revert NotGatewayOwner(msg.sender);
        _;
    }

    // ---- requests ----------------------------------------------------------------------------------------------

    function prssInit() external onlyOwner {
        emit PRSSInit();
    }

    function keygen(ParamsType paramsType) external onlyOwner {
        if (lastKey != 0 && !agreements[KEY_TAG + lastKey].done) revert KeygenOngoing(KEY_TAG + lastKey);
        lastKey++;
        params[KEY_TAG + lastKey] = paramsType;
        params[PREP_TAG + lastKey] = paramsType;
        announcePrep(PREP_TAG + lastKey, paramsType);
    }

    function crsgenRequest(uint256 maxBitLength, ParamsType paramsType) external onlyOwner {
        if (lastCrs != CRS_TAG && !agreements[lastCrs].done) revert CrsgenOngoing(lastCrs);
        uint256 id = ++lastCrs;
        maxBitLengthOf[id] = maxBitLength;
        params[id] = paramsType;
        announceCrs(id, maxBitLength, paramsType);
    }

    function keyReshareSameSet(uint256 keyId) external onlyOwner {
        if (!agreements[keyId].done || keyId <= KEY_TAG || keyId > KEY_TAG + lastKey) revert KeyNotGenerated(keyId);
        emit KeyReshareSameSet(keyId - KEY_TAG + PREP_TAG, keyId, ++lastReshare, params[keyId]);
    }

    // ---- answers -----------------------------------------------------------------------------------------------

    function prepKeygenResponse(uint256 prepKeygenId, bytes calldata signature) external {
        if (prepKeygenId <= PREP_TAG || prepKeygenId > PREP_TAG + lastKey) revert PrepKeygenNotRequested(prepKeygenId);
        bytes32 digest = typedDigest(block.chainid, prepHash(prepKeygenId));
        Agreement storage a = agreements[prepKeygenId];
        address signer = checked(digest, signature);
        if (a.signed[signer]) revert KmsAlreadySignedForPrepKeygen(prepKeygenId, signer);
        emit PrepKeygenResponse(prepKeygenId, signature, msg.sender);
        if (agreedNow(a, signer, digest)) announceKey(prepKeygenId, prepKeygenId - PREP_TAG + KEY_TAG);
    }

    function keygenResponse(uint256 keyId, KeyDigest[] calldata keyDigests, bytes calldata signature) external {
        if (keyId <= KEY_TAG || keyId > KEY_TAG + lastKey || !agreements[keyId - KEY_TAG + PREP_TAG].done)
            revert KeygenNotRequested(keyId);
        if (keyDigests.length == 0) revert EmptyKeyDigests(keyId);
        bytes32 digest = typedDigest(
            block.chainid,
            keyHash(keyId - KEY_TAG + PREP_TAG, keyId, hashOf(keyDigests))
        );
        Agreement storage a = agreements[keyId];
        address signer = checked(digest, signature);
        if (a.signed[signer]) revert KmsAlreadySignedForKeygen(keyId, signer);
        emit KeygenResponse(keyId, keyDigests, signature, msg.sender);
        if (agreedNow(a, signer, digest)) {
            for (uint256 i = 0; i < keyDigests.length; i++) keyDigestsOf[keyId].push(keyDigests[i]);
            activeKey = keyId;
            emit ActivateKey(keyId, storageUrls(a), keyDigests);
        }
    }

    function crsgenResponse(uint256 crsId, bytes calldata crsDigest, bytes calldata signature) external {
        if (crsId <= CRS_TAG || crsId > lastCrs) revert CrsgenNotRequested(crsId);
        bytes32 digest = typedDigest(block.chainid, crsHash(crsId, maxBitLengthOf[crsId], keccak256(crsDigest)));
        Agreement storage a = agreements[crsId];
        address signer = checked(digest, signature);
        if (a.signed[signer]) revert KmsAlreadySignedForCrsgen(crsId, signer);
        emit CrsgenResponse(crsId, crsDigest, signature, msg.sender);
        if (agreedNow(a, signer, digest)) {
            crsDigestOf[crsId] = crsDigest;
            activeCrs = crsId;
            emit ActivateCrs(crsId, storageUrls(a), crsDigest);
        }
    }

    // ---- reads -------------------------------------------------------------------------------------------------

    function getActiveKeyId() external view returns (uint256) {
        return activeKey;
    }

    function getActiveCrsId() external view returns (uint256) {
        return activeCrs;
    }

    function getConsensusTxSenders(uint256 requestId) external view returns (address[] memory) {
        Agreement storage a = agreements[requestId];
        return a.txSenders[a.agreed];
    }

    function getKeyMaterials(uint256 keyId) external view returns (string[] memory, KeyDigest[] memory) {
        if (!agreements[keyId].done) revert KeyNotGenerated(keyId);
        return (storageUrls(agreements[keyId]), keyDigestsOf[keyId]);
    }

    function getCrsMaterials(uint256 crsId) external view returns (string[] memory, bytes memory) {
        if (!agreements[crsId].done) revert CrsNotGenerated(crsId);
        return (storageUrls(agreements[crsId]), crsDigestOf[crsId]);
    }

    function getKeyParamsType(uint256 keyId) external view returns (ParamsType) {
        if (!agreements[keyId].done) revert KeyNotGenerated(keyId);
        return params[keyId];
    }

    function getCrsParamsType(uint256 crsId) external view returns (ParamsType) {
        if (!agreements[crsId].done) revert CrsNotGenerated(crsId);
        return params[crsId];
    }

    // ---- what another profile does otherwise -------------------------------------------------------------------

    function announcePrep(uint256 prepKeygenId, ParamsType paramsType) internal virtual {
        emit PrepKeygenRequest(prepKeygenId, 0, paramsType);
    }

    function announceKey(uint256 prepKeygenId, uint256 keyId) internal virtual {
        emit KeygenRequest(prepKeygenId, keyId);
    }

    function announceCrs(uint256 crsId, uint256 maxBitLength, ParamsType paramsType) internal virtual {
        emit CrsgenRequest(crsId, maxBitLength, paramsType);
    }

    function prepHash(uint256 prepKeygenId) internal view virtual returns (bytes32) {
        return keccak256(abi.encode(PREP, prepKeygenId));
    }

    function keyHash(uint256 prepKeygenId, uint256 keyId, bytes32 digests) internal view virtual returns (bytes32) {
        return keccak256(abi.encode(KEY, prepKeygenId, keyId, digests));
    }

    function crsHash(uint256 crsId, uint256 maxBitLength, bytes32 digest) internal view virtual returns (bytes32) {
        return keccak256(abi.encode(CRS, crsId, maxBitLength, digest));
    }

    // ---- inside ------------------------------------------------------------------------------------------------

    function checked(bytes32 digest, bytes calldata signature) private view returns (address signer) {
        signer = signerOf(digest, signature);
        config.checkKmsSigner(signer, msg.sender);
    }

    function agreedNow(Agreement storage a, address signer, bytes32 digest) private returns (bool) {
        a.signed[signer] = true;
        a.txSenders[digest].push(msg.sender);
        if (a.done || a.txSenders[digest].length < config.getKmsGenThreshold()) return false;
        a.agreed = digest;
        a.done = true;
        return true;
    }

    function hashOf(KeyDigest[] calldata all) private pure returns (bytes32) {
        bytes32[] memory each = new bytes32[](all.length);
        for (uint256 i = 0; i < all.length; i++)
            each[i] = keccak256(abi.encode(KEY_DIGEST, all[i].keyType, keccak256(all[i].digest)));
        return keccak256(abi.encodePacked(each));
    }

    function storageUrls(Agreement storage a) private view returns (string[] memory urls) {
        address[] storage who = a.txSenders[a.agreed];
        urls = new string[](who.length);
        for (uint256 i = 0; i < who.length; i++) urls[i] = config.getKmsNode(who[i]).storageUrl;
    }
}
