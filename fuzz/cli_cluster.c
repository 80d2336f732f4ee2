/* SPDX-License-Identifier: MIT */
/* devnet.json and its like: what is read prints, and what is printed reads the same. */
#include "cli/cluster.h"
#include "fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	cluster c, again;
	buf first = { 0 }, second = { 0 };

	if (cluster_parse(&c, "input", slice_of(data, size)) == OK) {
		cluster_print(&first, &c);
		ASSERT(cluster_parse(&again, "print", buf_slice(&first)) == OK);
		cluster_print(&second, &again);
		ASSERT(slice_eq_var(buf_slice(&first), buf_slice(&second)));
		cluster_free(&again);
		cluster_free(&c);
	}
	buf_free(&first);
	buf_free(&second);
	err_clear();
	return 0;
}
