/* SPDX-License-Identifier: MIT */
/* delegate/tagged.c */
#include "delegate/tagged.h"

sha256_stream tagged_begin(const char *tag)
{
	const hash32 t = sha256(slice_str(tag));
	sha256_stream h = sha256_begin();

	sha256_add(&h, hash32_slice(&t));
	sha256_add(&h, hash32_slice(&t));
	return h;
}
