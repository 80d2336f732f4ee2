/* SPDX-License-Identifier: MIT */
/* node/config_internal.h -- what the files of the configuration share: config.c, config_rules.c, config_vaults.c. */
#ifndef ARCA_NODE_CONFIG_INTERNAL_H
#define ARCA_NODE_CONFIG_INTERNAL_H

#include "node/config.h"

enum { MAX_PORT = 65535, MAX_PEM = 16 << 10 /* bytes of PEM text */ };

/* The value of this key, in that table of a list (from 1; 0: in none), does not go with the others. */
__attribute__((format(printf, 4, 5)))
err  node_config_wrong(node_config *c, const char *key, size_t row, const char *format, ...);

/* Everything that one key alone does not tell; fills in what is derived.  ERR_REQUEST. */
err  node_config_check_rules(node_config *c);

/* Where the vaults are and what seals them; also fills in the folders of vaults that name only a bucket. */
err  node_config_check_vaults(node_config *c);

#endif
