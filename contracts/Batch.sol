// SPDX-License-Identifier: MIT
pragma solidity ^0.8.24;

/// What a connector's wallet delegates to (EIP-7702), to do several things in one transaction of its own.  Each may fail alone, and for whoever is
/// called the sender is the wallet itself.
contract Batch {
    struct Call {
        address to;
        uint256 gas;
        bytes data;
    }

    /// Bit i: call i went well.  Nothing is known to have gone well without this.
    event Done(uint256 succeeded);
    /// What call `index` was refused with, cut.
    event Refused(uint256 indexed index, bytes reason);

    error NotTheAccount();
    error NotToItself();
    error TooManyCalls();
    error TooLittleGas();

    uint256 private constant MOST_CALLS = 256;
    uint256 private constant MOST_REASON = 256;
    uint256 private constant AROUND_A_CALL = 10_000;

    /// An account takes funds as before.
    receive() external payable {}

    /// Only the account itself, by a transaction of its own.  What is called may call the account back: its sender is then another, and
    /// the account is never what is called.  So this is never entered twice.
    function execute(Call[] calldata calls) external {
        if (msg.sender != address(this) || tx.origin != address(this)) revert NotTheAccount();
        if (calls.length > MOST_CALLS) revert TooManyCalls();
        uint256 succeeded = 0;
        for (uint256 i = 0; i < calls.length; i++) {
            if (calls[i].to == address(this)) revert NotToItself();
            // A call is given at most 63 parts in 64 of what is left, and less than it asks for without a word.
            if (gasleft() - gasleft() / 64 < calls[i].gas + AROUND_A_CALL) revert TooLittleGas();
            (bool ok, bytes memory reason) = one(calls[i].to, calls[i].gas, calls[i].data);
            if (ok) succeeded |= 1 << i;
            else emit Refused(i, reason);
        }
        emit Done(succeeded);
    }

    /// As to.call{gas: most}(data), but of what comes back no more is copied than is told, however much it is.
    function one(address to, uint256 most, bytes memory data) private returns (bool ok, bytes memory reason) {
        assembly ("memory-safe") {
            ok := call(most, to, 0, add(data, 32), mload(data), 0, 0)
        }
        if (ok) return (true, "");
        uint256 n;
        assembly ("memory-safe") {
            n := returndatasize()
        }
        if (n > MOST_REASON) n = MOST_REASON;
        reason = new bytes(n);
        assembly ("memory-safe") {
            returndatacopy(add(reason, 32), 0, n)
        }
    }
}
