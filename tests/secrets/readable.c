/* Linked with --wrap=prctl into a second build of the program, which is the program but for this: its memory
 * may be read by its parent. */

int __wrap_prctl(int option, ...);      /* the name that the linker gives it */

int __wrap_prctl(int option, ...)
{
    (void)option;
    return 0;
}
