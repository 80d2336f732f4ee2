/* SPDX-License-Identifier: MIT */
/* node/main.c -- the program. */
#include "base/commit.h"
#include "node/node.h"

int main(int argc, char **argv)
{
	return node_process(argc, argv, ARCA_COMMIT, NULL);
}
