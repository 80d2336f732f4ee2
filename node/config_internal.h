/* SPDX-License-Identifier: MIT */
/* node/config_internal.h -- what the checks that span several keys share: config.c, config_vaults.c. */
#ifndef ARCA_NODE_CONFIG_INTERNAL_H
#define ARCA_NODE_CONFIG_INTERNAL_H

#include "node/config.h"

/* The value of this key, in that table of a list (from 1; 0: in none), does not go with the others. */
__attribute__((format(printf, 4, 5)))
err  node_config_wrong(node_config *c, const char *key, size_t row, const char *format, ...);

/* Where the vaults are and what seals them; also fills in the folders of vaults that name only a bucket. */
err  node_config_check_vaults(node_config *c);

#endif
