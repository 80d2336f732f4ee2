/* SPDX-License-Identifier: MIT */
/*
 * A connector's configuration, after a byte that chooses its roles: what is accepted prints as a text that is accepted and
 * prints the same, what is refused has nothing.
 */
#include "base/log.h"
#include "connector/config.h"
#include "fuzz/fuzz.h"

enum { MOST = 4096 };              /* a longer text has nothing that a short one cannot have, and takes its time */

static char *const nothing[] = { NULL };

/* Secrets are not printed, and this one has to be right. */
static char database[] = "ARCA_CONNECTOR__DATABASE_URL=sqlite:c.db";
static char *const secrets[] = { database, NULL };

static void read_again(slice printed, unsigned roles)
{
	connector_config c;
	buf again = { 0 };

	ASSERT(connector_config_read(&c, roles, "printed", printed, secrets) == OK);
	connector_config_print(&again, &c);
	ASSERT(slice_eq_var(printed, buf_slice(&again)));
	connector_config_free(&c);
	buf_free(&again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	connector_config c = { 0 };
	buf printed = { 0 };

	if (size == 0 || size > MOST) return 0;
	log_setup(LOG_ERROR, false);                       /* what is odd is warned about, for every input */
	const err e = connector_config_read(&c, data[0] % 8, "input", slice_of(data + 1, size - 1), nothing);
	ASSERT(e == OK || e == ERR_REQUEST);
	if (e == OK) {
		ASSERT(c.database_url);
		connector_config_print(&printed, &c);
		connector_config_free(&c);
		read_again(buf_slice(&printed), data[0] % 8);
		buf_free(&printed);
	} else {
		ASSERT(!c.database_url);
	}
	err_clear();
	return 0;
}
