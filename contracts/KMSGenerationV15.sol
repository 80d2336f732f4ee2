// SPDX-License-Identifier: MIT
pragma solidity ^0.8.24;

import "./KMSGeneration.sol";

interface IContexts {
    function getCurrentKmsContextAndEpoch() external view returns (uint256 contextId, uint256 epochId);
}

/// The later profile, on a host chain: requests and what is signed name the context and the epoch, and a request that
/// leads nowhere can be given up.
contract KMSGenerationV15 is KMSGeneration {
    struct KeyInfo {
        uint256 prepKeygenId;
        uint256 keyId;
        ParamsType paramsType;
        KeyDigest[] keyDigests;
    }

    error AbortKeygenInvalidId(uint256 prepKeygenId);
    error AbortKeygenAlreadyDone(uint256 prepKeygenId);
    error AbortCrsgenInvalidId(uint256 crsId);
    error AbortCrsgenAlreadyDone(uint256 crsId);

    event PrepKeygenRequest(uint256 prepKeygenId, ParamsType paramsType, bytes extraData);
    event KeygenRequest(uint256 prepKeygenId, uint256 keyId, bytes extraData);
    event CrsgenRequest(uint256 crsId, uint256 maxBitLength, ParamsType paramsType, bytes extraData);
    event AbortKeygen(uint256 prepKeygenId);
    event AbortCrsgen(uint256 crsId);

    bytes32 private constant PREP = keccak256("PrepKeygenVerification(uint256 prepKeygenId,bytes extraData)");
    bytes32 private constant KEY =
        keccak256(
            "KeygenVerification(uint256 prepKeygenId,uint256 keyId,KeyDigest[] keyDigests,bytes extraData)KeyDigest(uint8 keyType,bytes digest)"
        );
    bytes32 private constant CRS =
        keccak256("CrsgenVerification(uint256 crsId,uint256 maxBitLength,bytes crsDigest,bytes extraData)");

    IContexts private immutable contexts;
    mapping(uint256 requestId => bytes) private extraDataOf;

    constructor(GatewayConfig gatewayConfig, IContexts contexts_) KMSGeneration(gatewayConfig) {
        contexts = contexts_;
    }

    function abortKeygen(uint256 prepKeygenId) external onlyOwner {
        if (prepKeygenId <= PREP_TAG || prepKeygenId > PREP_TAG + lastKey) revert AbortKeygenInvalidId(prepKeygenId);
        Agreement storage a = agreements[prepKeygenId - PREP_TAG + KEY_TAG];
        if (a.done) revert AbortKeygenAlreadyDone(prepKeygenId);
        a.done = true;
        emit AbortKeygen(prepKeygenId);
    }

    function abortCrsgen(uint256 crsId) external onlyOwner {
        if (crsId <= CRS_TAG || crsId > lastCrs) revert AbortCrsgenInvalidId(crsId);
        if (agreements[crsId].done) revert AbortCrsgenAlreadyDone(crsId);
        agreements[crsId].done = true;
        emit AbortCrsgen(crsId);
    }

    function getKeyInfo(uint256 keyId) external view returns (KeyInfo memory) {
        if (!agreements[keyId].done) revert KeyNotGenerated(keyId);
        return KeyInfo(keyId - KEY_TAG + PREP_TAG, keyId, params[keyId], keyDigestsOf[keyId]);
    }

    /// Keys that were agreed upon; one that was given up has no digests.
    function getCompletedKeyIds() external view returns (uint256[] memory ids) {
        uint256 n = 0;
        for (uint256 i = 1; i <= lastKey; i++) if (keyDigestsOf[KEY_TAG + i].length > 0) n++;
        ids = new uint256[](n);
        for (uint256 i = lastKey; i > 0; i--) if (keyDigestsOf[KEY_TAG + i].length > 0) ids[--n] = KEY_TAG + i;
    }

    function getCompletedCrsIds() external view returns (uint256[] memory ids) {
        uint256 n = 0;
        for (uint256 id = CRS_TAG + 1; id <= lastCrs; id++) if (crsDigestOf[id].length > 0) n++;
        ids = new uint256[](n);
        for (uint256 id = lastCrs; id > CRS_TAG; id--) if (crsDigestOf[id].length > 0) ids[--n] = id;
    }

    function announcePrep(uint256 prepKeygenId, ParamsType paramsType) internal override {
        extraDataOf[prepKeygenId] = present();
        extraDataOf[prepKeygenId - PREP_TAG + KEY_TAG] = extraDataOf[prepKeygenId];
        emit PrepKeygenRequest(prepKeygenId, paramsType, extraDataOf[prepKeygenId]);
    }

    function announceKey(uint256 prepKeygenId, uint256 keyId) internal override {
        emit KeygenRequest(prepKeygenId, keyId, extraDataOf[keyId]);
    }

    function announceCrs(uint256 crsId, uint256 maxBitLength, ParamsType paramsType) internal override {
        extraDataOf[crsId] = present();
        emit CrsgenRequest(crsId, maxBitLength, paramsType, extraDataOf[crsId]);
    }

    function prepHash(uint256 prepKeygenId) internal view override returns (bytes32) {
        return keccak256(abi.encode(PREP, prepKeygenId, keccak256(extraDataOf[prepKeygenId])));
    }

    function keyHash(uint256 prepKeygenId, uint256 keyId, bytes32 digests) internal view override returns (bytes32) {
        return keccak256(abi.encode(KEY, prepKeygenId, keyId, digests, keccak256(extraDataOf[keyId])));
    }

    function crsHash(uint256 crsId, uint256 maxBitLength, bytes32 digest) internal view override returns (bytes32) {
        return keccak256(abi.encode(CRS, crsId, maxBitLength, digest, keccak256(extraDataOf[crsId])));
    }

    function present() private view returns (bytes memory) {
        (uint256 contextId, uint256 epochId) = contexts.getCurrentKmsContextAndEpoch();
        return abi.encodePacked(uint8(2), contextId, epochId);
    }
}
