/* SPDX-License-Identifier: MIT */
/* cli/key_kind.c -- the table.  Names are the protocol's words for what differs (kms-service 1.3). */
#include "cli/key_kind.h"
#include <string.h>

static const key_kind KINDS[] = {
	{ "compressed", KMS__V1__KEY_SET_TYPE__Standard, KMS__V1__COMPRESSED_KEY_CONFIG__CompressedAll, 2,
	  { { "PublicKey", KMS712_PUBLIC_KEY }, { "CompressedXofKeySet", KMS712_COMPRESSED_KEY_SET } } },
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

void key_kind_names(buf *out)
{
	for (size_t i = 0; i < COUNT(KINDS); i++)
		buf_printf(out, "%s%s", i == 0 ? "" : i + 1 < COUNT(KINDS) ? ", " : " and ", KINDS[i].name);
}
