// SPDX-License-Identifier: MIT
pragma solidity ^0.8.24;

interface IKMSVerifier {
    function verifyDecryptionEIP712KMSSignatures(
        bytes32[] memory handles,
        bytes memory cleartexts,
        bytes memory proof
    ) external returns (bool);
}

interface IDecryption {
    function publicDecryptionRequest(bytes32[] calldata ctHandles, bytes calldata extraData) external;
}

/// A user's contract: asks for the clear value of a handle and takes it only with the KMS nodes' signatures.
contract Asker {
    error NotTheAnswer();

    event Answered(bytes32 indexed handle, uint256 value);

    IKMSVerifier private immutable verifier;
    IDecryption private immutable decryption;
    bytes32 public handle;
    uint256 public value;
    bool public answered;

    constructor(IKMSVerifier kmsVerifier, IDecryption gateway) {
        verifier = kmsVerifier;
        decryption = gateway;
    }

    function ask(bytes32 of_) external {
        handle = of_;
        answered = false;
        bytes32[] memory handles = new bytes32[](1);
        handles[0] = of_;
        decryption.publicDecryptionRequest(handles, "");
    }

    /// Anybody may bring the answer; the signatures say whether it is one.
    function callback(bytes calldata cleartexts, bytes calldata proof) external {
        bytes32[] memory handles = new bytes32[](1);
        handles[0] = handle;
        if (!verifier.verifyDecryptionEIP712KMSSignatures(handles, cleartexts, proof)) revert NotTheAnswer();
        value = abi.decode(cleartexts, (uint256));
        answered = true;
        emit Answered(handle, value);
    }
}
