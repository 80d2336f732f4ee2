/* SPDX-License-Identifier: MIT */
/*
 * fuzz/replay.c -- runs a fuzz target on the files named, and on every file of the folders named: a corpus or a
 * finding, under any compiler and without libFuzzer.
 */
#include <dirent.h>
#include <stdlib.h>
#include "base/file.h"
#include "fuzz/fuzz.h"

enum { LARGEST = 1 << 24 };

static size_t inputs;

static void run(const char *path)
{
	AUTO(buf) b = { 0 };

	if (file_read(&b, path, LARGEST) != OK) {
		fprintf(stderr, "%s: %s\n", path, err_text());
		exit(1);
	}
	/* A copy of exactly this size, so that a sanitizer sees the first byte beyond it. */
	uint8_t *exact = malloc(b.n ? b.n : 1);
	ASSERT(exact);
	if (b.n) memcpy(exact, b.p, b.n);
	LLVMFuzzerTestOneInput(exact, b.n);
	free(exact);
	inputs++;
}

int main(int argc, char **argv)
{
	LLVMFuzzerTestOneInput((const uint8_t *)"", 0);
	for (int i = 1; i < argc; i++) {
		DIR *d = opendir(argv[i]);
		if (!d) {
			run(argv[i]);
			continue;
		}
		for (struct dirent *entry; (entry = readdir(d)); ) {
			char path[4096];
			if (entry->d_name[0] == '.') continue;
			snprintf(path, sizeof path, "%s/%s", argv[i], entry->d_name);
			run(path);
		}
		closedir(d);
	}
	printf("%zu inputs\n", inputs);
	return 0;
}
