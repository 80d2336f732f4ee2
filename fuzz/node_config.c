/* SPDX-License-Identifier: MIT */
/* A configuration: what is accepted prints as a text that is accepted and prints the same. */
#include "fuzz/fuzz.h"
#include "node/config.h"

enum { MOST = 4096 };              /* a longer text has nothing that a short one cannot have, and takes its time */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static char *const nothing[] = { NULL };
	node_config c, again;
	buf first = { 0 }, second = { 0 };
	config_place where;

	if (size > MOST) return 0;
	if (node_config_read_where(&where, &c, "input", slice_of(data, size), nothing) == OK) {
		node_config_print(&first, &c);
		err e = node_config_read(&again, "printed", buf_slice(&first), nothing);
		ASSERT(e == OK);
		node_config_print(&second, &again);
		ASSERT(slice_eq_var(buf_slice(&first), buf_slice(&second)));
		node_config_free(&c);
		node_config_free(&again);
	}
	buf_free(&first);
	buf_free(&second);
	err_clear();
	return 0;
}
