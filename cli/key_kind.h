/* SPDX-License-Identifier: MIT */
/*
 * cli/key_kind.h -- the kinds of key that a cluster makes: what each is called here and in requests, and which files it is
 * published as.  All that differs between kinds is in one table.
 */
#ifndef ARCA_CLI_KEY_KIND_H
#define ARCA_CLI_KEY_KIND_H

#include <kms.v1.pb-c.h>
#include "base/base.h"
#include "evm/kms712.h"

enum { KEY_KIND_FILES = 2 };

/* A published file: what answers and /PUB/ call it, and the number that contracts know it by. */
typedef struct key_kind_file { const char *type; kms712_key_type number; } key_kind_file;

typedef struct key_kind {
	const char *name;                                /* of --key-set */
	Kms__V1__KeySetType type;
	Kms__V1__CompressedKeyConfig compression;
	size_t files;
	key_kind_file file[KEY_KIND_FILES];              /* in the order in which answers list them and signatures hold them */
} key_kind;

/* A key set in one compressed file beside its public key: what is made unless something else is asked for. */
extern const key_kind *const KEY_KIND_USUAL;

/* NULL if there is none of this name; and all names, for a sentence. */
const key_kind *key_kind_by_name(const char *name);
void            key_kind_names(buf *out);

/* Of a key set, never of a key between two: the kind whose files an answer lists, by the first of them.  If there is none such, the
 * usual one, against which verify_keygen then says what is wrong. */
const key_kind *key_kind_of_set(const Kms__V1__KeyGenResult *r);

/* Has it secrets and a public key of its own, or does it lead from one key set to another? */
static inline bool key_kind_is_between(const key_kind *k) { return k->type == KMS__V1__KEY_SET_TYPE__DecompressionOnly; }

#endif
