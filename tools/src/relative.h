/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The way from one directory to another, for links between pages that are moved together.
 */
#ifndef RELATIVE_H
#define RELATIVE_H

/* "../runs/one", "one", or "." for the same; symbolic links are followed first, because a browser
 * that goes up from a linked directory ends elsewhere. To be freed; NULL when one is not there. */
char *relative_path(const char *from, const char *to);

#endif
