/* SPDX-License-Identifier: MIT */
/*
 * delegate/key_eraser.h -- the file of a key, held open so that it can be overwritten and emptied later: when the process cannot open
 * it any more (base/sandbox.h).
 *
 * What is emptied is the file that was there, whatever stands under its name by then.  The empty file stays, as a sign of what became
 * of the key.  What copies there are of it, only their owners know.
 */
#ifndef ARCA_DELEGATE_KEY_ERASER_H
#define ARCA_DELEGATE_KEY_ERASER_H

#include "delegate/key_file.h"

typedef struct key_eraser {
	const char *path;                          /* borrowed; NULL: it is not open */
	int fd;
} key_eraser;

/* Whether there is no such file, or an empty one, or one that a crash kept from becoming empty: it begins with a zero, and no text does. */
bool key_file_is_gone(const char *path);
/* Then erases what is left of it. */
err  key_eraser_go_on(const char *path);

/* ERR_IO: it cannot be written. */
err  key_eraser_open(key_eraser *out, const char *path);
/* Returns when the disk has it: zeros, and then nothing.  Closes it.  Nothing if it is not open. */
err  key_eraser_erase(key_eraser *k);
void key_eraser_close(key_eraser *k);

#endif
