/* SPDX-License-Identifier: MIT */
/* aws/kms.c -- questions and answers in JSON, bytes in base64. */
#include "aws/kms.h"
#include <jansson.h>
#include <pthread.h>
#include <stdlib.h>
#include "aws/base64.h"
#include "aws/call.h"
#include "base/wiping.h"

enum { MAX_ANSWER = 64 << 10, MAX_FIELD = 16 << 10 };

static const char CURVE[] = "ECC_SECG_P256K1";

/* Keys pass through jansson's strings. */
static void wipe_json(void) { json_set_alloc_funcs(malloc, wiping_free); }

static void setup(void)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;
	pthread_once(&once, wipe_json);
}

bool aws_kms_key_name_ok(const char *key)
{
	for (const char *c = key; *c; c++)
		if (*c <= ' ' || *c >= 0x7f || *c == '"' || *c == '\\') return false;
	return key[0] && strlen(key) <= KMS_KEY_NAME;
}

/* ---- questions: written by hand, so that what is secret in them is in one buffer -------------------------------------- */

static err begin(buf *q, const char *key)
{
	setup();
	if (!aws_kms_key_name_ok(key)) return err_fail(ERR_REQUEST, "\"%.80s\" does not name a key of KMS", key);
	buf_reserve(q, 4 * KMS_WRAPPED);                   /* it does not move */
	buf_printf(q, "{\"KeyId\":\"%s\"", key);
	return OK;
}

static void put_context(buf *q, const aws_kms_context *c)
{
	if (!c) return;
	ASSERT(aws_kms_key_name_ok(c->name) && aws_kms_key_name_ok(c->value));
	buf_printf(q, ",\"EncryptionContext\":{\"%s\":\"%s\"}", c->name, c->value);
}

static void put_bytes(buf *q, const char *field, slice bytes)
{
	buf_printf(q, ",\"%s\":\"", field);
	base64_write(q, bytes);
	buf_put_str(q, "\"");
}

static err ask(buf *answer, aws *a, const char *action, buf *q)
{
	char target[64], host[AWS_REGION + 32];
	aws_answer got;

	buf_put_str(q, "}");
	snprintf(target, sizeof target, "x-amz-target: TrentService.%s", action);
	snprintf(host, sizeof host, "kms.%s.amazonaws.com", aws_region(a));
	buf_reserve(answer, MAX_ANSWER);
	err e = aws_send(&got, answer, a, &(aws_call){ .service = AWS_KMS, .method = "POST", .host = host, .target = "/",
		.header = { "content-type: application/x-amz-json-1.1", target }, .body = buf_slice(q), .max = MAX_ANSWER });
	if (e != OK) err_context("%s: ", action);
	return e;
}

/* ---- answers ----------------------------------------------------------------------------------------------------------- */

static err load(json_t **out, slice answer)
{
	json_error_t why;

	setup();
	*out = json_loadb((const char *)answer.p, answer.n, JSON_REJECT_DUPLICATES, &why);
	if (*out && json_is_object(*out)) return OK;
	json_decref(*out);
	return err_fail(ERR_REQUEST, "the answer of KMS is not an object in JSON");
}

err aws_kms_field_read(buf *out, slice answer, const char *field, size_t max)
{
	const size_t before = out->n;
	json_t *j;

	TRY(load(&j, answer));
	const json_t *f = json_object_get(j, field);
	const size_t n = json_string_length(f);
	buf_reserve(out, size_min(n, MAX_FIELD));
	const bool right = f && n && n <= MAX_FIELD && base64_read(out, slice_of(json_string_value(f), n)) && out->n - before <= max;
	json_decref(j);
	if (right) return OK;
	if (out->n > before) wipe(out->p + before, out->n - before);
	out->n = before;
	return err_fail(ERR_REQUEST, "the answer of KMS has no %s of 1 to %zu bytes", field, max);
}

err aws_kms_new_data_key(uint8_t out[static KMS_DATA_KEY], buf *wrapped, aws *a, const char *key, const aws_kms_context *context)
{
	AUTO(buf) q = { 0 };
	AUTO(buf) answer = { 0 };
	AUTO(buf) plain = { 0 };

	TRY(begin(&q, key));
	put_context(&q, context);
	buf_put_str(&q, ",\"KeySpec\":\"AES_256\"");
	TRY(ask(&answer, a, "GenerateDataKey", &q));
	TRY(aws_kms_field_read(&plain, buf_slice(&answer), "Plaintext", KMS_DATA_KEY));
	if (plain.n != KMS_DATA_KEY) return err_fail(ERR_REQUEST, "the data key of KMS has %zu bytes, not %d", plain.n, KMS_DATA_KEY);
	TRY(aws_kms_field_read(wrapped, buf_slice(&answer), "CiphertextBlob", KMS_WRAPPED));
	memcpy(out, plain.p, KMS_DATA_KEY);
	return OK;
}

err aws_kms_decrypt(buf *plain, aws *a, const char *key, const aws_kms_context *context, slice wrapped)
{
	AUTO(buf) q = { 0 };
	AUTO(buf) answer = { 0 };

	if (!wrapped.n || wrapped.n > KMS_WRAPPED)
		return err_fail(ERR_REQUEST, "KMS wraps to 1 to %d bytes, not %zu", KMS_WRAPPED, wrapped.n);
	TRY(begin(&q, key));
	put_context(&q, context);
	put_bytes(&q, "CiphertextBlob", wrapped);
	TRY(ask(&answer, a, "Decrypt", &q));
	return aws_kms_field_read(plain, buf_slice(&answer), "Plaintext", KMS_PLAIN);
}

err aws_kms_sign(buf *der, aws *a, const char *key, const uint8_t digest[static KMS_DIGEST])
{
	AUTO(buf) q = { 0 };
	AUTO(buf) answer = { 0 };

	TRY(begin(&q, key));
	put_bytes(&q, "Message", slice_of(digest, KMS_DIGEST));
	buf_put_str(&q, ",\"MessageType\":\"DIGEST\",\"SigningAlgorithm\":\"ECDSA_SHA_256\"");
	TRY(ask(&answer, a, "Sign", &q));
	return aws_kms_field_read(der, buf_slice(&answer), "Signature", KMS_SIGNATURE);
}

err aws_kms_public_key(buf *der, aws *a, const char *key)
{
	AUTO(buf) q = { 0 };
	AUTO(buf) answer = { 0 };
	json_t *j;

	TRY(begin(&q, key));
	TRY(ask(&answer, a, "GetPublicKey", &q));
	TRY(load(&j, buf_slice(&answer)));
	const char *spec = json_string_value(json_object_get(j, "KeySpec")), *use = json_string_value(json_object_get(j, "KeyUsage"));
	const bool right = spec && !strcmp(spec, CURVE) && use && !strcmp(use, "SIGN_VERIFY");
	json_decref(j);
	if (!right) return err_fail(ERR_REQUEST, "the key %.80s of KMS is not one that signs on secp256k1 (%s, SIGN_VERIFY)", key, CURVE);
	return aws_kms_field_read(der, buf_slice(&answer), "PublicKey", KMS_PUBLIC);
}
