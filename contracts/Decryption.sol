// SPDX-License-Identifier: MIT
pragma solidity ^0.8.24;

import "./CiphertextCommits.sol";
import "./Signed.sol";

struct CtHandleContractPair {
    bytes32 ctHandle;
    address contractAddress;
}

struct RequestValidity {
    uint256 startTimestamp;
    uint256 durationDays;
}

struct ContractsInfo {
    uint256 chainId;
    address[] addresses;
}

struct DelegationAccounts {
    address delegatorAddress;
    address delegateAddress;
}

/// Requests for decryption and the KMS nodes' answers, as connectors of the seed's profile see them.
///
/// A handle is: 21 bytes of hash, the chain's id (u64), the type, a version. Ids count from a tag in the top byte.
/// Answers to a public request count by what they say; answers to a user's request all count together. An answer
/// that comes after the threshold is kept like the others, without a second announcement.
contract Decryption is Signed {
    error EmptyCtHandles();
    error EmptyCtHandleContractPairs();
    error EmptyContractAddresses();
    error ContractAddressesMaxLengthExceeded(uint256 maxLength, uint256 actualLength);
    error ContractNotInContractAddresses(address contractAddress, address[] contractAddresses);
    error UserAddressInContractAddresses(address userAddress, address[] contractAddresses);
    error DelegatorAddressInContractAddresses(address delegatorAddress, address[] contractAddresses);
    error CtHandleChainIdDiffersFromContractChainId(bytes32 ctHandle, uint256 chainId, uint256 contractChainId);
    error InvalidNullDurationDays();
    error MaxDurationDaysExceeded(uint256 maxValue, uint256 actualValue);
    error StartTimestampInFuture(uint256 currentTimestamp, uint256 startTimestamp);
    error UserDecryptionRequestExpired(uint256 currentTimestamp, RequestValidity requestValidity);
    error InvalidUserSignature(bytes signature);
    error UnsupportedFHEType(uint8 fheType);
    error MaxDecryptionRequestBitSizeExceeded(uint256 maxBitSize, uint256 totalBitSize);
    error DifferentKeyIdsNotAllowed(SnsCiphertextMaterial first, SnsCiphertextMaterial other);
    error DecryptionNotRequested(uint256 decryptionId);
    error KmsNodeAlreadySigned(uint256 decryptionId, address signer);

    event PublicDecryptionRequest(
        uint256 indexed decryptionId,
        SnsCiphertextMaterial[] snsCtMaterials,
        bytes extraData
    );
    event PublicDecryptionResponseCall(
        uint256 indexed decryptionId,
        bytes decryptedResult,
        bytes signature,
        address kmsTxSender,
        bytes extraData
    );
    event PublicDecryptionResponse(
        uint256 indexed decryptionId,
        bytes decryptedResult,
        bytes[] signatures,
        bytes extraData
    );
    event UserDecryptionRequest(
        uint256 indexed decryptionId,
        SnsCiphertextMaterial[] snsCtMaterials,
        address userAddress,
        bytes publicKey,
        bytes extraData
    );
    event UserDecryptionResponse(
        uint256 indexed decryptionId,
        uint256 indexShare,
        bytes userDecryptedShare,
        bytes signature,
        bytes extraData
    );
    event UserDecryptionResponseThresholdReached(uint256 indexed decryptionId);

    bytes32 private constant PUBLIC_ANSWER =
        keccak256("PublicDecryptVerification(bytes32[] ctHandles,bytes decryptedResult,bytes extraData)");
    bytes32 private constant USER_ANSWER =
        keccak256(
            "UserDecryptResponseVerification(bytes publicKey,bytes32[] ctHandles,bytes userDecryptedShare,bytes extraData)"
        );
    bytes32 private constant USER_REQUEST =
        keccak256(
            "UserDecryptRequestVerification(bytes publicKey,address[] contractAddresses,uint256 startTimestamp,uint256 durationDays,bytes extraData)"
        );
    bytes32 private constant DELEGATED_REQUEST =
        keccak256(
            "DelegatedUserDecryptRequestVerification(bytes publicKey,address[] contractAddresses,address delegatorAddress,uint256 startTimestamp,uint256 durationDays,bytes extraData)"
        );

    uint256 private constant PUBLIC = 1 << 248;
    uint256 private constant USER = 2 << 248;
    uint256 private constant MAX_BITS = 2048;
    uint256 private constant MAX_CONTRACTS = 10;
    uint256 private constant MAX_DAYS = 365;

    struct Request {
        bytes32[] handles;
        bytes publicKey; // of a user; empty: a public request
        mapping(address signer => bool) signed;
        mapping(bytes32 digest => bytes[]) signatures; // of a user's: all under 0
        mapping(bytes32 digest => address[]) txSenders;
        bytes32 agreed; // the digest that reached the threshold first
        bool done;
    }

    GatewayConfig internal immutable config;
    CiphertextCommits internal immutable commits;
    mapping(uint256 decryptionId => Request) private requests;
    uint256 private lastPublic = PUBLIC;
    uint256 private lastUser = USER;

    constructor(GatewayConfig gatewayConfig, CiphertextCommits ciphertextCommits) Signed("Decryption") {
        config = gatewayConfig;
        commits = ciphertextCommits;
    }

    // ---- requests ----------------------------------------------------------------------------------------------

    function publicDecryptionRequest(bytes32[] calldata ctHandles, bytes calldata extraData) external {
        if (ctHandles.length == 0) revert EmptyCtHandles();
        SnsCiphertextMaterial[] memory materials = materialsOf(ctHandles);
        uint256 id = ++lastPublic;
        requests[id].handles = ctHandles;
        announcePublic(id, materials, ctHandles, extraData);
    }

    function userDecryptionRequest(
        CtHandleContractPair[] calldata pairs,
        RequestValidity calldata validity,
        ContractsInfo calldata contracts,
        address userAddress,
        bytes calldata publicKey,
        bytes calldata signature,
        bytes calldata extraData
    ) external {
        checkContracts(contracts.addresses);
        checkValidity(validity);
        if (contains(contracts.addresses, userAddress))
            revert UserAddressInContractAddresses(userAddress, contracts.addresses);
        bytes32 structHash = keccak256(
            abi.encode(
                USER_REQUEST,
                keccak256(publicKey),
                keccak256(abi.encodePacked(contracts.addresses)),
                validity.startTimestamp,
                validity.durationDays,
                keccak256(extraData)
            )
        );
        checkUser(contracts.chainId, structHash, signature, userAddress);
        startUser(handlesOf(pairs, contracts), userAddress, publicKey, extraData);
    }

    function delegatedUserDecryptionRequest(
        CtHandleContractPair[] calldata pairs,
        RequestValidity calldata validity,
        DelegationAccounts calldata accounts,
        ContractsInfo calldata contracts,
        bytes calldata publicKey,
        bytes calldata signature,
        bytes calldata extraData
    ) external {
        checkContracts(contracts.addresses);
        checkValidity(validity);
        if (contains(contracts.addresses, accounts.delegatorAddress))
            revert DelegatorAddressInContractAddresses(accounts.delegatorAddress, contracts.addresses);
        bytes32 structHash = keccak256(
            abi.encode(
                DELEGATED_REQUEST,
                keccak256(publicKey),
                keccak256(abi.encodePacked(contracts.addresses)),
                accounts.delegatorAddress,
                validity.startTimestamp,
                validity.durationDays,
                keccak256(extraData)
            )
        );
        checkUser(contracts.chainId, structHash, signature, accounts.delegateAddress);
        startUser(handlesOf(pairs, contracts), accounts.delegateAddress, publicKey, extraData);
    }

    // ---- answers -----------------------------------------------------------------------------------------------

    function publicDecryptionResponse(
        uint256 decryptionId,
        bytes calldata decryptedResult,
        bytes calldata signature,
        bytes calldata extraData
    ) external {
        if (decryptionId <= PUBLIC || decryptionId > lastPublic) revert DecryptionNotRequested(decryptionId);
        Request storage r = requests[decryptionId];
        checkAnswer(decryptionId, extraData);
        bytes32 digest = typedDigest(
            block.chainid,
            keccak256(
                abi.encode(
                    PUBLIC_ANSWER,
                    keccak256(abi.encodePacked(r.handles)),
                    keccak256(decryptedResult),
                    keccak256(extraData)
                )
            )
        );
        uint256 count = record(r, decryptionId, digest, digest, signature);
        emit PublicDecryptionResponseCall(decryptionId, decryptedResult, signature, msg.sender, extraData);
        if (!r.done && count >= config.getPublicDecryptionThreshold()) {
            r.done = true;
            r.agreed = digest;
            emit PublicDecryptionResponse(decryptionId, decryptedResult, r.signatures[digest], extraData);
        }
    }

    function userDecryptionResponse(
        uint256 decryptionId,
        bytes calldata userDecryptedShare,
        bytes calldata signature,
        bytes calldata extraData
    ) external {
        if (decryptionId <= USER || decryptionId > lastUser) revert DecryptionNotRequested(decryptionId);
        Request storage r = requests[decryptionId];
        checkAnswer(decryptionId, extraData);
        bytes32 digest = typedDigest(
            block.chainid,
            keccak256(
                abi.encode(
                    USER_ANSWER,
                    keccak256(r.publicKey),
                    keccak256(abi.encodePacked(r.handles)),
                    keccak256(userDecryptedShare),
                    keccak256(extraData)
                )
            )
        );
        uint256 count = record(r, decryptionId, digest, 0, signature);
        emit UserDecryptionResponse(decryptionId, count - 1, userDecryptedShare, signature, extraData);
        if (!r.done && count >= config.getUserDecryptionThreshold()) {
            r.done = true;
            emit UserDecryptionResponseThresholdReached(decryptionId);
        }
    }

    // ---- reads -------------------------------------------------------------------------------------------------

    function isDecryptionDone(uint256 decryptionId) external view returns (bool) {
        return requests[decryptionId].done;
    }

    function getDecryptionConsensusTxSenders(uint256 decryptionId) external view returns (address[] memory) {
        Request storage r = requests[decryptionId];
        return r.txSenders[r.agreed];
    }

    function isPublicDecryptionReady(bytes32[] calldata ctHandles, bytes calldata) external view returns (bool) {
        for (uint256 i = 0; i < ctHandles.length; i++)
            if (!commits.isCiphertextMaterialAdded(ctHandles[i])) return false;
        return ctHandles.length > 0;
    }

    function isUserDecryptionReady(
        address,
        CtHandleContractPair[] calldata pairs,
        bytes calldata
    ) external view returns (bool) {
        for (uint256 i = 0; i < pairs.length; i++)
            if (!commits.isCiphertextMaterialAdded(pairs[i].ctHandle)) return false;
        return pairs.length > 0;
    }

    // ---- what another profile does otherwise -------------------------------------------------------------------

    function announcePublic(
        uint256 id,
        SnsCiphertextMaterial[] memory materials,
        bytes32[] calldata,
        bytes calldata extraData
    ) internal virtual {
        emit PublicDecryptionRequest(id, materials, extraData);
    }

    function announceUser(
        uint256 id,
        SnsCiphertextMaterial[] memory materials,
        bytes32[] memory,
        address userAddress,
        bytes calldata publicKey,
        bytes calldata extraData
    ) internal virtual {
        emit UserDecryptionRequest(id, materials, userAddress, publicKey, extraData);
    }

    function checkAnswer(uint256 id, bytes calldata extraData) internal virtual {}

    // ---- inside ------------------------------------------------------------------------------------------------

    function newUserRequest(bytes32[] memory handles, bytes calldata publicKey) internal returns (uint256 id) {
        id = ++lastUser;
        requests[id].handles = handles;
        requests[id].publicKey = publicKey;
    }

    function startUser(
        bytes32[] memory handles,
        address userAddress,
        bytes calldata publicKey,
        bytes calldata extraData
    ) private {
        SnsCiphertextMaterial[] memory materials = materialsOf(handles);
        uint256 id = newUserRequest(handles, publicKey);
        announceUser(id, materials, handles, userAddress, publicKey, extraData);
    }

    function record(
        Request storage r,
        uint256 id,
        bytes32 digest,
        bytes32 under,
        bytes calldata signature
    ) private returns (uint256) {
        address signer = signerOf(digest, signature);
        config.checkKmsSigner(signer, msg.sender);
        if (r.signed[signer]) revert KmsNodeAlreadySigned(id, signer);
        r.signed[signer] = true;
        r.signatures[under].push(signature);
        r.txSenders[under].push(msg.sender);
        return r.signatures[under].length;
    }

    function checkUser(uint256 chainId, bytes32 structHash, bytes calldata signature, address user) internal view {
        if (signerOf(typedDigest(chainId, structHash), signature) != user) revert InvalidUserSignature(signature);
    }

    /// The materials of handles of one key, of types that a KMS decrypts, of no more than MAX_BITS together.
    function materialsOf(bytes32[] memory handles) internal view returns (SnsCiphertextMaterial[] memory materials) {
        uint256 bits = 0;
        for (uint256 i = 0; i < handles.length; i++) bits += bitsOf(uint8(handles[i][30]));
        if (bits > MAX_BITS) revert MaxDecryptionRequestBitSizeExceeded(MAX_BITS, bits);
        materials = commits.getSnsCiphertextMaterials(handles);
        for (uint256 i = 1; i < materials.length; i++)
            if (materials[i].keyId != materials[0].keyId) revert DifferentKeyIdsNotAllowed(materials[0], materials[i]);
    }

    function bitsOf(uint8 fheType) private pure returns (uint256) {
        if (fheType == 0) return 2;
        if (fheType == 7) return 160;
        if (fheType == 8) return 256;
        if (fheType < 2 || fheType > 8) revert UnsupportedFHEType(fheType);
        return 4 << (fheType - 1);
    }

    function handlesOf(
        CtHandleContractPair[] calldata pairs,
        ContractsInfo calldata contracts
    ) private pure returns (bytes32[] memory handles) {
        if (pairs.length == 0) revert EmptyCtHandleContractPairs();
        handles = new bytes32[](pairs.length);
        for (uint256 i = 0; i < pairs.length; i++) {
            handles[i] = pairs[i].ctHandle;
            uint256 chainId = uint64(uint256(handles[i]) >> 16);
            if (chainId != contracts.chainId)
                revert CtHandleChainIdDiffersFromContractChainId(handles[i], chainId, contracts.chainId);
            if (!contains(contracts.addresses, pairs[i].contractAddress))
                revert ContractNotInContractAddresses(pairs[i].contractAddress, contracts.addresses);
        }
    }

    function checkContracts(address[] calldata addresses) private pure {
        if (addresses.length == 0) revert EmptyContractAddresses();
        if (addresses.length > MAX_CONTRACTS)
            revert ContractAddressesMaxLengthExceeded(MAX_CONTRACTS, addresses.length);
    }

    function checkValidity(RequestValidity calldata v) private view {
        if (v.durationDays == 0) revert InvalidNullDurationDays();
        if (v.durationDays > MAX_DAYS) revert MaxDurationDaysExceeded(MAX_DAYS, v.durationDays);
        if (v.startTimestamp > block.timestamp) revert StartTimestampInFuture(block.timestamp, v.startTimestamp);
        if (v.startTimestamp + v.durationDays * 1 days < block.timestamp)
            revert UserDecryptionRequestExpired(block.timestamp, v);
    }

    function contains(address[] calldata list, address a) private pure returns (bool) {
        for (uint256 i = 0; i < list.length; i++) if (list[i] == a) return true;
        return false;
    }
}
