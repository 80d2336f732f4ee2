/* SPDX-License-Identifier: MIT */
/*
 * What S3 and KMS answer, and files of credentials.  First byte 0: a page of a list; 1, 2: a refusal of S3, of KMS; 3: an answer of
 * KMS with a field; 4: credentials.  What is accepted keeps its bounds, and bytes in base64 are written as they were read.
 */
#include "aws/base64.h"
#include "aws/call.h"
#include "aws/kms.h"
#include "aws/s3.h"
#include "aws/xml.h"
#include "fuzz/fuzz.h"

static bool look(void *ctx, const char *name, uint64_t size)
{
	(void)ctx, (void)size;
	ASSERT(name[0] && strlen(name) <= S3_NAME);
	return true;
}

static void read_field(slice answer)
{
	AUTO(buf) out = { 0 };

	if (aws_kms_field_read(&out, answer, "CiphertextBlob", KMS_WRAPPED) == OK) ASSERT(out.n && out.n <= KMS_WRAPPED);
	else ASSERT(out.n == 0);
	out.n = 0;
	if (!base64_read(&out, answer)) return;
	AUTO(buf) again = { 0 };
	base64_write(&again, buf_slice(&out));
	ASSERT(slice_eq_var(buf_slice(&again), answer));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char code[AWS_CODE], message[AWS_MESSAGE], next[XML_TEXT + 1];
	aws_credentials c;
	bool more;

	if (size < 1) return 0;
	const slice rest = slice_of(data + 1, size - 1);
	if (data[0] == 0 && s3_page_read(&more, next, rest, look, NULL) == OK) ASSERT(!more || next[0]);
	if (data[0] == 1 || data[0] == 2) {
		aws_refusal_read(code, message, data[0] == 1 ? AWS_S3 : AWS_KMS, rest);
		for (const char *p = message; *p; p++) ASSERT(*p >= ' ' && *p < 0x7f);
	}
	if (data[0] == 3) read_field(rest);
	if (data[0] == 4 && aws_credentials_parse(&c, rest, "here") == OK) ASSERT(c.key_id[0] && c.secret[0]);
	err_clear();
	return 0;
}
