/* SPDX-License-Identifier: MIT */
/* A connector's configuration, after a byte that chooses its roles: what is accepted can be released, what is refused has nothing. */
#include "base/log.h"
#include "connector/config.h"
#include "fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static char *const nothing[] = { NULL };
	connector_config c = { 0 };

	if (size == 0) return 0;
	log_setup(LOG_ERROR, false);                       /* what is odd is warned about, for every input */
	const err e = connector_config_read(&c, data[0] % 8, "input", slice_of(data + 1, size - 1), nothing);
	ASSERT(e == OK || e == ERR_REQUEST);
	if (e == OK) {
		ASSERT(c.database_url);
		connector_config_free(&c);
	} else {
		ASSERT(!c.database_url);
	}
	err_clear();
	return 0;
}
