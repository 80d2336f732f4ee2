/* SPDX-License-Identifier: MIT */
/*
 * A request for a delegation: query, headers and body, each ended by a newline but the last, read in both forms.  A KMS that
 * believes a gateway without a key is asked too: nothing is answered with 200.
 */
#include <string.h>
#include "delegate/request_v1.h"
#include "fuzz/delegate_kms.h"
#include "fuzz/fuzz.h"

enum { TEXT = 512 };

/* Up to the next newline, as a text. */
static const char *line(char out[static TEXT], reader *r)
{
	size_t n = 0;

	for (uint8_t c; read_left(r) && (c = read_u8(r)) != '\n';)
		if (n < TEXT - 1 && c) out[n++] = (char)c;
	out[n] = '\0';
	return out;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	delegate_kms *const kms = fuzz_kms_of((delegate_chain){ .id = 31337, .gateway = { { 1 } }, .state = KEY_ACTIVE });
	reader r = reader_of(slice_of(data, size));
	char chain[TEXT], salt[TEXT], authorization[TEXT], type[TEXT];
	AUTO(buf) answer = { 0 };
	delegate_request q;
	unsigned status = 0;

	line(chain, &r), line(salt, &r), line(authorization, &r), line(type, &r);
	const delegate_call c = {
		.chain_id = chain[0] ? chain : NULL, .salt = salt[0] ? salt : NULL, .authorization = authorization, .content_type = type,
		.body = read_bytes(&r, read_left(&r)),
	};
	if (delegate_request_read(&q, &status, &c) == OK) {
		ASSERT(!memchr(q.ephemeral.p, 0, q.ephemeral.n) && !memchr(q.target.p, 0, q.target.n));
		delegate_request_free(&q);
	} else {
		ASSERT(status >= 400 && status < 500 && err_text()[0]);
	}
	secp_rsig sig;
	if (delegate_request_signature(&sig, &status, &c) == OK) ASSERT(sig.b[SECP_SIG] == 27 || sig.b[SECP_SIG] == 28);
	else ASSERT(status == 401 && err_text()[0]);
	static delegate_request_v1 once;
	if (delegate_request_v1_read(&once, &status, &c) == OK) ASSERT(once.spki_n <= MAX_SPKI);
	else ASSERT(status >= 400 && status < 500 && err_text()[0]);
	status = delegate_answer(kms, &answer, &c);
	ASSERT(status >= 400 && status < 500 && answer.n > 0);
	answer.n = 0;
	status = delegate_answer_v1(kms, &answer, &c);
	ASSERT(status == 503 && answer.n > 0);
	err_clear();
	return 0;
}
