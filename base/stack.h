/* SPDX-License-Identifier: MIT */
/*
 * base/stack.h -- a stack that forgets what functions left on it.
 *
 * Whoever knows a secret variable wipes it; copies that the compiler made, in registers that were saved and in frames that nobody
 * sees, go with the stack, once at the end.
 */
#ifndef ARCA_BASE_STACK_H
#define ARCA_BASE_STACK_H

/*
 * What is left on this thread's stack below the caller's frame is gone, after the function that worked with secrets returned.  For
 * every thread, the first one too, and without a file: a chroot has no /proc, and a sandbox closes it.
 */
void stack_forget(void);

#endif
