/* SPDX-License-Identifier: MIT */
/*
 * cli/connector.h -- what a connector keeps, opened by whoever operates it.
 *
 * Beside a connector that runs, or without one: all they share is the database.  Its URL may hold a password: it comes from
 * the connector's configuration or its environment, and is never printed.
 */
#ifndef ARCA_CLI_CONNECTOR_H
#define ARCA_CLI_CONNECTOR_H

#include "cli/cli.h"
#include "connector/queue.h"

/* The options that say which database. */
#define CONNECTOR_DATABASE_OPTIONS \
	{ "config",   "FILE", ONE_OF, "the connector's configuration; ARCA_CONNECTOR__... variables stand above it" }, \
	{ "database", "URL",  ONE_OF, "its database without one: sqlite:PATH, or postgres://... without a password" }

/* Opens what the options name; nothing that is not there is made.  place: where that is, without user and password. */
err  connector_open(queue **out, buf *place, cli *c);

/* Database errors become exit codes: away is EXIT_UNAVAILABLE. */
err  connector_told(cli *c, err e);

/* "0x" and 64 digits. */
enum { CONNECTOR_ID_TEXT = 2 + ID_TEXT };
void connector_id_text(char out[static CONNECTOR_ID_TEXT], const id32 *id);

#endif
