/* SPDX-License-Identifier: MIT */
/*
 * aws/kms.h -- keys that never leave the service: they wrap keys of ours, and sign.
 *
 * A context is a pair of texts that a wrapped key is bound to: unwrapping needs the same, and it stands in the service's log.
 * A key is named by its id, ARN or alias.
 */
#ifndef ARCA_AWS_KMS_H
#define ARCA_AWS_KMS_H

#include "aws/aws.h"

enum {
	KMS_KEY_NAME = 2048, KMS_DATA_KEY = 32, KMS_WRAPPED = 6144, KMS_PLAIN = 4096, KMS_DIGEST = 32, KMS_SIGNATURE = 72, KMS_PUBLIC = 256,
};

typedef struct aws_kms_context { const char *name, *value; } aws_kms_context;

bool aws_kms_key_name_ok(const char *key);

/* 32 fresh bytes, and what they are wrapped to, appended.  The caller wipes them. */
err  aws_kms_new_data_key(uint8_t out[static KMS_DATA_KEY], buf *wrapped, aws *a, const char *key, const aws_kms_context *context);
/* Appends at most KMS_PLAIN bytes. */
err  aws_kms_decrypt(buf *plain, aws *a, const char *key, const aws_kms_context *context, slice wrapped);

/* ECDSA on secp256k1 (ECC_SECG_P256K1) of a digest: DER, appended, as the service makes it (s may be high). */
err  aws_kms_sign(buf *der, aws *a, const char *key, const uint8_t digest[static KMS_DIGEST]);
/* SubjectPublicKeyInfo in DER, appended.  ERR_REQUEST if it is no key for such signatures. */
err  aws_kms_public_key(buf *der, aws *a, const char *key);

/* The bytes of a field of an answer, in base64, appended: at least one, at most max.  For the above and the fuzzer. */
err  aws_kms_field_read(buf *out, slice answer, const char *field, size_t max);

#endif
