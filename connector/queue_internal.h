/* SPDX-License-Identifier: MIT */
/* connector/queue_internal.h -- what the files of the queue share: kinds and their columns, statements, and how items become rows. */
#ifndef ARCA_CONNECTOR_QUEUE_INTERNAL_H
#define ARCA_CONNECTOR_QUEUE_INTERNAL_H

#include "connector/queue.h"

/* ---- kinds ---------------------------------------------------------------------------------------------------- */

typedef enum column_type { COLUMN_ID, COLUMN_WORD, COLUMN_BYTES, COLUMN_LIST, COLUMN_TEXT, COLUMN_PARAMS, COLUMN_INT } column_type;

/* A column and the member of queue_item that it holds. */
typedef struct queue_column {
	const char *name;
	column_type type;
	size_t   offset;
	size_t   least, most;                /* bytes of the value, or of each element of a list; most 0: MAX_ITEM_BYTES */
	bool     rfc016;                     /* NULL unless item.rfc016                                                  */
	bool     optional;                   /* NULL reads as nothing                                                    */
} queue_column;

typedef struct queue_kind_info {
	const char *table, *key, *label, *channel, *event_type;
	queue_kind  other;                   /* of a request its responses, of a response its requests; QUEUE_KINDS if none */
	const queue_column *own;
	unsigned    columns;
} queue_kind_info;
extern const queue_kind_info QUEUE_INFO[QUEUE_KINDS];

/* ---- statements ----------------------------------------------------------------------------------------------- */

typedef enum kind_sql {
	SQL_ADD, SQL_ANSWER, SQL_PICK, SQL_RENEW, SQL_RELEASE, SQL_MARK_SENT, SQL_RETRY, SQL_GIVE_UP, SQL_DONE, SQL_KILL, SQL_REVIVE,
	SQL_COUNT, SQL_AGES, SQL_TROUBLES, SQL_FIND, SQL_COLLECT, SQL_EXPIRE, SQL_ERASE, KIND_SQLS
} kind_sql;

typedef enum plain_sql {
	SQL_CURSOR, SQL_CURSOR_OF_KIND, SQL_CURSOR_BACK, SQL_CURSOR_OF_KIND_BACK, SQL_CURSOR_READ, SQL_BLOCK, SQL_BLOCKS_FORGET_OLD,
	SQL_BLOCKS_FORGET_ABOVE, SQL_BLOCKS_READ, SQL_SET_ASIDE, SQL_SET_ASIDE_ERASE, SQL_SET_ASIDE_COUNT, SQL_TX, SQL_TX_STATE, SQL_OUTBOX,
	SQL_TX_COUNT, SQL_TX_COLLECT, SQL_RESHARES_LEFT, SQL_HOLD, SQL_LET_GO, SQL_STILL_HELD, SQL_NOTIFY, SQL_BIND, SQL_BOUND, SQL_REACHED, PLAIN_SQLS
} plain_sql;

typedef struct queue_sql {
	store_sql of_kind[QUEUE_KINDS][KIND_SQLS];       /* text NULL where there is none */
	store_sql plain[PLAIN_SQLS];
	buf texts[QUEUE_KINDS][KIND_SQLS];
} queue_sql;
err  queue_sql_new(queue_sql **out, store_dialect d);
void queue_sql_free(queue_sql **s);

extern const store_source QUEUE_SQL[];
extern const size_t QUEUE_SQL_N;
extern const store_migration QUEUE_MIGRATIONS[];
extern const size_t QUEUE_MIGRATIONS_N;

struct queue {
	store *db;
	store *picks;                        /* leases are written lazily: after a crash whoever held one is gone, or answers all the same */
	store_committer *committer;
	queue_sql *sql;
	char owner[MAX_QUEUE_OWNER + 1];
};

/* ---- time -------------------------------------------------------------------------------------------------------- */

/* No pause and no lease reaches so far; one that does was given before a clock was put back. */
static inline int64_t queue_never_ms(int64_t now_ms, int64_t lease_ms)
{
	enum { TEN_MINUTES_MS = 600000 };
	return now_ms + 2 * lease_ms + TEN_MINUTES_MS;
}

/* ---- items and rows ------------------------------------------------------------------------------------------- */

enum { ITEM_PARAMS = 9 };                        /* of SQL_ADD in front of the kind's own */

/* The values of the kind's own columns.  ERR_REQUEST: the item cannot be kept, and why. */
err  queue_own_values(store_value *out, arena *memory, const queue_item *item);

/* A 256-bit integer as it stands in a table, and back. */
err  queue_word_value(store_value *out, arena *memory, const uint8_t word[static 32]);
void queue_read_word(uint8_t out[static 32], store_row *r);

/* A row of SQL_PICK; false: it cannot be read, but *seq is known. */
bool queue_read_item(queue_item *out, queue_kind kind, store_row *r);

/* Text for people: cut, and what is no text replaced. */
err  queue_reason(store_value *out, arena *memory, const char *reason);

#endif
