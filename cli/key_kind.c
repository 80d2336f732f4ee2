/* SPDX-License-Identifier: MIT */
/* cli/key_kind.c -- the table.  Names are the protocol's words for what differs (kms-service 1.3). */
#include "cli/key_kind.h"
#include <string.h>

static const key_kind KINDS[] = {
	{ "compressed", KMS__V1__KEY_SET_TYPE__Standard, KMS__V1__COMPRESSED_KEY_CONFIG__CompressedAll, 2,
	  { { "PublicKey", KMS712_PUBLIC_KEY }, { "CompressedXofKeySet", KMS712_COMPRESSED_KEY_SET } } },
	{ "uncompressed", KMS__V1__KEY_SET_TYPE__Standard, KMS__V1__COMPRESSED_KEY_CONFIG__CompressedNone, 2,
	  { { "ServerKey", KMS712_SERVER_KEY }, { "PublicKey", KMS712_PUBLIC_KEY } } },
	{ "decompression-only", KMS__V1__KEY_SET_TYPE__DecompressionOnly, KMS__V1__COMPRESSED_KEY_CONFIG__CompressedAll, 1,
	  { { .type = "DecompressionKey" } } },
};

const key_kind *const KEY_KIND_USUAL = &KINDS[0];

const key_kind *key_kind_by_name(const char *name)
{
	for (size_t i = 0; i < COUNT(KINDS); i++)
		if (strcmp(KINDS[i].name, name) == 0) return &KINDS[i];
	return NULL;
}

const key_kind *key_kind_of_set(const Kms__V1__KeyGenResult *r)
{
	for (size_t i = 0; i < COUNT(KINDS) && r->n_key_digests > 0; i++)
		if (!key_kind_is_between(&KINDS[i]) && strcmp(r->key_digests[0]->key_type, KINDS[i].file[0].type) == 0) return &KINDS[i];
	return KEY_KIND_USUAL;
}

void key_kind_names(buf *out)
{
	for (size_t i = 0; i < COUNT(KINDS); i++)
		buf_printf(out, "%s%s", i == 0 ? "" : i + 1 < COUNT(KINDS) ? ", " : " and ", KINDS[i].name);
}
