/* SPDX-License-Identifier: MIT */
/* sym/sha2.h -- SHA-256 by libcrypto: in one call, or in pieces. */
#ifndef ARCA_SYM_SHA2_H
#define ARCA_SYM_SHA2_H

#include "sym/keccak.h"

hash32 sha256(slice bytes);

/* AUTO(sha256_stream) s = sha256_begin(); sha256_add(&s, a); sha256_add(&s, b); hash32 h = sha256_end(&s); */
typedef struct sha256_stream { struct evp_md_ctx_st *evp; } sha256_stream;

sha256_stream sha256_begin(void);
void          sha256_add(sha256_stream *s, slice bytes);
hash32        sha256_end(sha256_stream *s);             /* ready for another message afterwards */
void          sha256_stream_free(sha256_stream *s);

#endif
