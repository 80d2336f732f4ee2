/* SPDX-License-Identifier: MIT */
/*
 * node/config_check.h -- would a node start with this configuration, and be safe?  More than reading tells: it looks at the
 * files and folders that the configuration names, as whoever runs the check, and changes nothing.
 *
 * A configuration that cannot be read has one finding, the first; of one that can, everything that is wrong is found.  What
 * is doubtful does not keep a node from working today.
 */
#ifndef ARCA_NODE_CONFIG_CHECK_H
#define ARCA_NODE_CONFIG_CHECK_H

#include "node/config.h"

enum { MAX_FINDINGS = 64 };

typedef struct config_finding {
	config_place where;
	bool doubtful;                       /* otherwise wrong */
	char what[640], remedy[640];         /* sentences; what begins with the file, and the line if there is one */
} config_finding;

typedef struct config_findings {
	config_finding of[MAX_FINDINGS];     /* further ones are counted, not kept */
	size_t n, wrong;
} config_findings;

typedef struct config_source {
	const char *name;                    /* of the file, for sentences      */
	slice       text;
	char *const *environment;
	bool        open_to_others;          /* may others read the file?       */
	int64_t     now_s;                   /* for the lives of certificates   */
	/* How near a name comes to another, SIZE_MAX: not at all.  For keys that do not exist. */
	size_t    (*nearness)(const char *word, const char *name);
} config_source;

void node_config_check(config_findings *out, const config_source *from);

#endif
