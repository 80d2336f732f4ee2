/* SPDX-License-Identifier: MIT */
/* What comes back to an asker, records from a disk, and what a contract says: nothing that nobody signed is believed. */
#include <string.h>
#include "delegate/client_v1.h"
#include "delegate/on_chain.h"
#include "delegate/record.h"
#include "fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const eth_address nobody = { { 1, 2, 3 } };
	const delegate_ask ask = { .chain_id = 1 };
	AUTO(buf) sealed = { 0 }, ciphertext = { 0 }, again = { 0 }, sentence = { 0 };
	const slice in = slice_of(data, size);
	ecies_header h;
	eth_address by;
	secp_pk pk;

	ASSERT(delegate_reply_read(&sealed, &ask, &nobody, in) == ERR_REQUEST && sealed.n == 0);
	ASSERT(delegate_v1_reply_read(&sealed, &(delegate_v1){ .chain_id = 1 }, &nobody, in) == ERR_REQUEST && sealed.n == 0);
	ASSERT(delegate_v1_partial_read(&sealed, &(delegate_v1){ .chain_id = 1 }, &nobody, in) == ERR_REQUEST && sealed.n == 0);
	if (delegate_reply_sealed(&sealed, in) == OK) ASSERT(2 * sealed.n < size);
	if (on_chain_gateway_read(&by, in) == OK) ASSERT(size >= 32);
	if (on_chain_key_read(&pk, in) == OK) ASSERT(pk.b[0] == 2 || pk.b[0] == 3);
	if (public_key_reply_read(&pk, &by, 1, in) == OK) ASSERT(pk.b[0] == 2 || pk.b[0] == 3);
	if (delegate_error_read(&sentence, in)) ASSERT(sentence.n <= size);
	if (record_read(&h, &ciphertext, in) == OK) {
		ASSERT(ciphertext.n >= GCM_TAG);
		record_write(&again, &h, buf_slice(&ciphertext));
		buf_clear(&ciphertext);
		ASSERT(record_read(&h, &ciphertext, buf_slice(&again)) == OK);
	}
	err_clear();
	return 0;
}
