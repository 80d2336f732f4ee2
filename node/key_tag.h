/* SPDX-License-Identifier: MIT */
/*
 * node/key_tag.h -- what the files of a key bear, and every ciphertext under it: as a rule the key's id, but a key that was
 * made for the secrets of an older one may keep that one's tag.
 */
#ifndef ARCA_NODE_KEY_TAG_H
#define ARCA_NODE_KEY_TAG_H

#include "node/keys.h"

/* From the published public key.  ERR_STATE with a sentence if it has no such tag; ERR_IO. */
err  key_tag(id32 *out, keys *k, const id32 *key);

#endif
