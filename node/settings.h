/* SPDX-License-Identifier: MIT */
/*
 * node/settings.h -- what the parties of a context must have set alike.
 *
 * Each operator writes a configuration of his own.  Where two contradict each other, ceremonies fail late, or contracts refuse what a
 * node signs, and nobody is told which key it was.  So a party says what it has whenever a link to another comes up; whoever has
 * something else is named in the log, with the key and both values.  Nothing else follows from it: what others say is only told.
 *
 *   settings   of each one: u8 n | key (n bytes) | u8 n | value (n bytes), in printable ASCII
 *
 * A key that the reader has not is one of another version, or of a part that it does without: it is passed over.  No secret is among
 * them.
 */
#ifndef ARCA_NODE_SETTINGS_H
#define ARCA_NODE_SETTINGS_H

#include "node/config.h"
#include "node/contexts.h"

enum { MAX_SETTINGS = 256, MAX_SETTING = 120 };          /* how many, and the bytes of a key or a value */

typedef struct setting { slice key, value; } setting;

/* Appends those of this node. */
void settings_write(buf *out, const node_config *c, const mpc_context *k);

/* The first of these bytes, which are moved on.  False: there is none, or none that is of this form. */
[[nodiscard]] bool settings_read(setting *out, slice *rest);

/* Calls `differs` for each key that both have with another value.  False: theirs are not of this form, and nothing was called.
 * Requires: mine by settings_write. */
typedef void (*settings_differ)(void *ctx, const setting *mine, const setting *theirs);
[[nodiscard]] bool settings_compare(slice mine, slice theirs, settings_differ differs, void *ctx);

#endif
