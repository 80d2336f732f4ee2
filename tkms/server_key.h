/* SPDX-License-Identifier: MIT */
/*
 * tkms/server_key.h -- a key set as TFHE-rs' uncompressed ServerKey, for whoever asks for CompressedNone.
 *
 * Nothing in it is new or secret: masks are drawn from the public seed, bootstrap keys are transformed.  The numbers of a
 * transform are the same on every machine (lattice/spectrum.h), so parties that opened the same bodies make the same file.
 * Production: 2.1 GB, which is why it is made where it stays, in units of about a megabyte, and given back page by page;
 * about ten seconds of a core for the transforms, and as much for the masks.
 */
#ifndef ARCA_TKMS_SERVER_KEY_H
#define ARCA_TKMS_SERVER_KEY_H

#include "base/draft.h"
#include "base/id.h"
#include "base/pool.h"
#include "base/progress.h"
#include "tfhers/tfhers.h"

/* With a tag of 32 bytes. */
size_t tkms_server_key_bytes(const lat_params *params);

/* Requires: the draft has that many bytes; every part of the parameter set is there.  told counts bytes.  ERR_NOMEM. */
err tkms_server_key_fill(draft *room, const seeded_keyset *set, const id32 *tag, pool *cores, const progress *told);

#endif
