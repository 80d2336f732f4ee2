/* SPDX-License-Identifier: MIT */
/*
 * store/postgres_value.h -- values as PostgreSQL sends and takes them, in its binary form: big-endian, times in microseconds
 * since 2000.  A parameter becomes what the server says it is; types that are not built in are enums, which are text.
 */
#ifndef ARCA_STORE_POSTGRES_VALUE_H
#define ARCA_STORE_POSTGRES_VALUE_H

#include <libpq-fe.h>
#include "store/store.h"

/* The parameters of one statement, as libpq wants them. */
typedef struct pg_params {
	const char *value[MAX_STORE_PARAMS];
	int length[MAX_STORE_PARAMS], format[MAX_STORE_PARAMS];
	size_t offset[MAX_STORE_PARAMS];
	buf bytes;
} pg_params;

/* What p held before is gone.  ERR_INTERNAL: the value is of another type than the statement wants; ERR_REQUEST: it is too great. */
err pg_encode(pg_params *p, const store_sql *sql, const Oid *type, const store_value *value, unsigned n);

/* All rows of a result. */
err pg_decode(store_rows *out, const PGresult *r);

#endif
