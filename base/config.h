/* SPDX-License-Identifier: MIT */
/*
 * base/config.h -- from a TOML file and the environment to a typed structure, as one table says.
 *
 *   typedef struct settings { char *address; int64_t port; bool quick; } settings;
 *   static const config_key KEYS[] = {
 *           { "service.address", CONFIG_TEXT, offsetof(settings, address), .fallback = "127.0.0.1", .help = "…" },
 *           { "service.port",    CONFIG_INT,  offsetof(settings, port), .min = 1, .max = 65535, .help = "…" },
 *           { "cluster",         CONFIG_REFUSED, .help = "this program runs alone" },
 *   };
 *
 * Order of precedence: environment (first prefix before later ones), file, fallback.  SERVICE__ADDRESS behind a prefix
 * stands for service.address.  A key that the table does not name is an error, in the file and in the environment:
 * a mistyped key must not silently mean the default.
 *
 * A section that may be left out as a whole has a row of its own, CONFIG_SECTION: keys below it count, and are required,
 * only if something of the section is there.  A list of tables, [[peer]], is one row, CONFIG_ROWS, with a schema for what
 * stands in each; it can be given in the file only.
 */
#ifndef ARCA_BASE_CONFIG_H
#define ARCA_BASE_CONFIG_H

#include "base/base.h"

enum { MAX_CONFIG_FILE = 1 << 20, MAX_CONFIG_TEXT = 4096, MAX_CONFIG_KEY = 256 };

typedef enum config_type {
	CONFIG_BOOL,                     /* bool                                                          */
	CONFIG_INT,                      /* int64_t, from min to max                                      */
	CONFIG_TEXT,                     /* char *, of min to max bytes (max 0: MAX_CONFIG_TEXT)          */
	CONFIG_DURATION,                 /* int64_t milliseconds, from min to max; written "500ms", "3s"  */
	CONFIG_LIST,                     /* config_list of min to max texts; a single text: with commas   */
	/* and what has no value of its own */
	CONFIG_ALIAS,                    /* another name, of older files, of the key that help names      */
	CONFIG_REFUSED,                  /* this key and all below it are an error; help is the sentence  */
	CONFIG_SECTION,                  /* bool: is there anything of this section?                      */
	CONFIG_ROWS,                     /* config_rows, of min to max tables, each read by `rows`        */
} config_type;

typedef struct config_list { char **item; size_t n; } config_list;

typedef struct config_rows {
	void  *row;                      /* n structures of rows->size bytes */
	size_t n;
} config_rows;

typedef struct config_key {
	const char *name;
	config_type type;
	size_t      offset;
	int64_t     min, max;
	const char *fallback;            /* as in the environment; NULL: the key is required */
	bool        secret;              /* never printed */
	const char *help;
	const struct config_schema *rows; /* CONFIG_ROWS: what stands in one table, and the size of its structure */
	size_t      row_size;
} config_key;

typedef struct config_schema {
	const config_key *key;           /* in a schema of rows no key is a section or a list */
	size_t            keys;
	const char *const *prefix;       /* of environment variables, e.g. "ARCA_NODE__"; ends with NULL; unused in rows */
} config_schema;

/*
 * Fills *out, which is zero before; file may be NULL.  environment is `environ` or a list like it.  ERR_REQUEST with a
 * sentence that names file, line and key, or the variable; ERR_NOT_FOUND, ERR_IO for the file.
 */
err  config_load(void *out, const config_schema *schema, const char *file, char *const *environment);

/* The same from text in memory; name is for sentences. */
err  config_read(void *out, const config_schema *schema, const char *name, slice text, char *const *environment);

/* Where in a file something stands. */
typedef struct config_place {
	char     key[MAX_CONFIG_KEY];    /* as in the file, "list.key" in a table of a list; "" if no key is to blame */
	unsigned line;                   /* 0: not in the file                                                        */
} config_place;

/* The same as config_read; after a failure *where tells which key it was.  Whatever else is wrong is not looked for. */
err  config_read_where(config_place *where, void *out, const config_schema *schema, const char *name, slice text,
                       char *const *environment);

/* Where the key stands, or the first below it; of the row-th table of a list (from 1; 0: of any): in such a
 * table that has no such key, its first.  Without a line if nowhere. */
void config_find(config_place *where, slice text, const char *key, size_t row);

/*
 * Appends what may stand for the key: "a whole number from 0 to 65535: its port; 0 takes a free one".  False if the schema
 * has no such key.  Keys in tables of a list are named as in config_place.
 */
bool config_explain(buf *out, const config_schema *schema, const char *key);

/* Calls each(ctx, name) for every key that a file may have, named as in config_place. */
void config_names(const config_schema *schema, void (*each)(void *ctx, const char *name), void *ctx);

/* Releases the texts and rows and zeroes them; secret texts are wiped. */
void config_free(void *out, const config_schema *schema);

/* Overwrites, in place, the values of variables whose keys are secret: the kernel shows the environment that a process began
 * with to whoever may look at it. */
void config_wipe_environment(const config_schema *schema, char *const *environment);

/* Does the key belong to a section that is not there? */
bool config_left_out(const config_schema *schema, const void *values, const config_key *key);

/* Appends every key with its value as a TOML document; secrets as "***". */
void config_print(buf *out, const config_schema *schema, const void *values);

/* Appends one line a key: name, type, default, help. */
void config_help(buf *out, const config_schema *schema);

#endif
