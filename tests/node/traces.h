/* SPDX-License-Identifier: MIT */
/*
 * tests/node/traces.h -- is anything left of a party's shares and keys: in the files of a folder, in the memory of a process?
 *
 * What is looked for are pieces of 16 bytes at any place: words of key shares as they are stored, the same as decryption has
 * them (share/partial_lwe.h, as this machine lays them out), keys of pseudo-random sharing and those derived from them.  Of many
 * words of a share every fourth is looked for.  Pieces with little in them are left out, for they could be anything's.
 */
#ifndef ARCA_TESTS_NODE_TRACES_H
#define ARCA_TESTS_NODE_TRACES_H

#include <sys/types.h>
#include "base/slice.h"

typedef struct traces traces;

void traces_new(traces **out);
void traces_free(traces **t);

/* Of a FheKeyInfo object, of an EpochData object. */
void traces_add_part(traces *t, slice object);
void traces_add_epoch(traces *t, slice object);

/* A key as it is, of 16 bytes or more. */
void traces_add_key(traces *t, slice key);

/* How many of the pieces are found: of share words, and of keys. */
typedef struct traces_found { size_t words, keys; } traces_found;

traces_found traces_in_folder(const traces *t, const char *folder);

traces_found traces_in_file(const traces *t, const char *path);

/* All that the process could write to.  It must be this one's child, or this one root's. */
traces_found traces_in_process(const traces *t, pid_t pid);

/* The same, apart: in pages that are left out of core files and, if `locked`, never swapped; and in all others. */
typedef struct traces_memory { traces_found guarded, open; } traces_memory;
traces_memory traces_in_memory(const traces *t, pid_t pid, bool locked);

#endif
