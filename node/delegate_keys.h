/* SPDX-License-Identifier: MIT */
/*
 * node/delegate_keys.h -- the whole private keys of the delegation KMS, from the files that the configuration names and the vault.
 *
 * A sealed vault takes a key in when it first sees its file, as DelegationPrivateKey/<its place>, and reads it back before it says
 * so.  From then on the vault's is the key: the file can be erased, which the log asks for at each start, and the configuration goes
 * on naming it.  A file that is there must hold that key, for what was encrypted to it needs it.  The node does not erase the file
 * itself: it may be the only copy that its operator knows of.
 *
 * A vault that is not sealed takes nothing in: it would be the same plain bytes once more.  What it has, from the time when it was
 * sealed, is used.
 */
#ifndef ARCA_NODE_DELEGATE_KEYS_H
#define ARCA_NODE_DELEGATE_KEYS_H

#include "base/clock.h"
#include "delegate/kms.h"
#include "delegate/whole_key.h"
#include "vault/vault.h"

/* In: k's kind and chain.  Out: the rest, wiped by the caller.  ERR_NOT_FOUND: neither has it; ERR_STATE: the file is open to others
 * or holds another key than the vault, or the vault's cannot be read; the errors of key_file_read and of vaults. */
err  delegate_key_open(whole_key *k, vault *v, const char *file, const clock_source *clock);
/* The same, of a chain: its key and state. */
err  delegate_key_of_chain(delegate_chain *chain, vault *v, const char *file, const clock_source *clock);

#endif
