/* SPDX-License-Identifier: MIT */
/* evm/reverts.c -- the table, and the two errors of the language itself. */
#include "evm/reverts.h"
#include "evm/abi_coder.h"

enum { REQUIRE = 0x08c379a0, PANIC = 0x4e487b71, MAX_REASON = 200 };

const revert_row REVERTS[] = {
	{ 0, "no reason", REVERT_RETRY, "out of gas, no contract at this address, or the provider itself failed" },
	{ 0x99ec48d9, "KmsNodeAlreadySigned(uint256,address)", REVERT_DONE, NULL },
	{ 0x33ca1fe3, "KmsAlreadySignedForPrepKeygen(uint256,address)", REVERT_DONE, NULL },
	{ 0x98fb957d, "KmsAlreadySignedForKeygen(uint256,address)", REVERT_DONE, NULL },
	{ 0xfcf5a6e9, "KmsAlreadySignedForCrsgen(uint256,address)", REVERT_DONE, NULL },
	{ 0x62585cc8, "KmsContextCreationAlreadyConfirmed(address,uint256)", REVERT_DONE, NULL },
	{ 0x49417636, "EpochActivationAlreadyConfirmed(address,uint256)", REVERT_DONE, NULL },
	{ 0x3586efa1, "KmsContextNotPending(uint256)", REVERT_DONE, NULL },
	{ 0x7995bbcf, "InvalidKmsEpoch(uint256)", REVERT_DONE_IF_VALID, NULL },
	{ 0x6fbcdd2b, "KeyManagementRequestPending()", REVERT_RETRY, NULL },
	{ 0x32c5b9f6, "KmsContextNotCreated(uint256)", REVERT_RETRY, NULL },
	{ 0xd48af942, "DecryptionNotRequested(uint256)", REVERT_RETRY_BRIEFLY, "the request is not on this chain" },
	{ 0x0ab7f687, "PrepKeygenNotRequested(uint256)", REVERT_RETRY_BRIEFLY, "the request is not on this chain" },
	{ 0xadfab904, "KeygenNotRequested(uint256)", REVERT_RETRY_BRIEFLY, "the request is not on this chain" },
	{ 0x8d8c940a, "CrsgenNotRequested(uint256)", REVERT_RETRY_BRIEFLY, "the request is not on this chain" },
	{ 0x2a7c6ef6, "NotKmsSigner(address)", REVERT_ALARM,
	  "the signature is by a key that the contracts do not know: compare domain, chain id and extra data of node and connector" },
	{ 0x0d86f521, "KmsSignerDoesNotMatchTxSender(address,address)", REVERT_ALARM,
	  "the wallet is not the registered sender of the key that signed: compare wallet and node" },
	{ 0xaee86323, "NotKmsTxSender(address)", REVERT_ALARM, "the wallet is not registered as a sender of the KMS" },
	{ 0xabb5f486, "DecryptionContextMismatch(uint256,uint256,uint256)", REVERT_FAILED, "the answer names another context than the request" },
	{ 0x2139cc2c, "UnsupportedExtraDataVersion(uint8)", REVERT_FAILED, "the extra data are of a version that the contract does not know" },
	{ 0x93548a66, "InvalidExtraDataLength(uint256,uint256)", REVERT_FAILED, "the extra data are too short for their version" },
	{ 0xcb17b7a5, "InvalidNullContextId()", REVERT_FAILED, "the extra data name the context 0" },
	{ 0x8b248b60, "DeserializingExtraDataFail()", REVERT_FAILED, "the extra data cannot be read" },
	{ 0xfce698f7, "ECDSAInvalidSignatureLength(uint256)", REVERT_FAILED, "the signature does not have 65 bytes" },
	{ 0xf645eedf, "ECDSAInvalidSignature()", REVERT_FAILED, "the signature is by nobody" },
	{ 0xd78bce0c, "ECDSAInvalidSignatureS(bytes32)", REVERT_FAILED, "the signature has a high s" },
	{ 0xe6f9083b, "EmptyKeyDigests(uint256)", REVERT_FAILED, "the answer names no key" },
	{ 0xce9440df, "EmptyEpochActivationAttestation(uint256)", REVERT_FAILED, NULL },
	{ 0xf1735b46, "EpochActivationSignerDoesNotMatchTxSender(address,address)", REVERT_FAILED, NULL },
	{ 0xa3f4afeb, "EpochActivationUnauthorized(address,uint256)", REVERT_FAILED, NULL },
	{ 0xb81df8e8, "KmsContextCreationUnauthorized(address,uint256)", REVERT_FAILED, NULL },
	{ 0x77ddbe81, "InvalidKmsContext(uint256)", REVERT_FAILED, "the context is unknown or was destroyed" },
	{ 0xd93c0665, "EnforcedPause()", REVERT_FAILED, "the contract is paused" },
	{ REQUIRE, "Error(string)", REVERT_RETRY_BRIEFLY, NULL },
	{ PANIC, "Panic(uint256)", REVERT_RETRY_BRIEFLY, "the contract ran into a bug of its own" },
	{ UINT32_MAX, "unknown error", REVERT_FAILED, "contract and connector may be of different versions" },
};
const size_t N_REVERTS = COUNT(REVERTS);

static uint32_t selector_of(slice data)
{
	return data.n < ABI_SELECTOR ? 0 :
		(uint32_t)data.p[0] << 24 | (uint32_t)data.p[1] << 16 | (uint32_t)data.p[2] << 8 | data.p[3];
}

const revert_row *revert_find(slice data)
{
	const uint32_t selector = selector_of(data);

	for (size_t i = 0; i < N_REVERTS; i++)
		if (REVERTS[i].selector == selector) return &REVERTS[i];
	return &REVERTS[N_REVERTS - 1];
}

/* The text of a require(), as far as it is harmless to print. */
static void print_reason(buf *out, slice data)
{
	abi_reader r = abi_reader_of(slice_of(data.p + ABI_SELECTOR, data.n - ABI_SELECTOR));
	abi_part p = abi_top(&r);
	const slice text = abi_next_bytes(&p, SIZE_MAX);

	buf_put_u8(out, '"');
	for (size_t i = 0; i < size_min(text.n, MAX_REASON); i++)
		buf_put_u8(out, text.p[i] >= ' ' && text.p[i] < 127 ? text.p[i] : '?');
	buf_put_u8(out, '"');
}

void revert_print(buf *out, slice data)
{
	const revert_row *row = revert_find(data);

	if (row->selector == REQUIRE) print_reason(out, data);
	else if (row == &REVERTS[N_REVERTS - 1]) buf_printf(out, "%s %08x", row->signature, selector_of(data));
	else buf_put_str(out, row->signature);
}
