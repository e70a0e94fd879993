/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A NAT preset for people: every field with its value and its source.
 */
#ifndef PRESET_TEXT_H
#define PRESET_TEXT_H

#include <stdio.h>

#include "nat/presets.h"
#include "nat/tcp.h"

/* Value of a field by its name in scenario files, into text; false when there is no such field. */
bool preset_field_text(const nat_config *config, const char *field, char *text, size_t cap);

void preset_print(const nat_preset *preset, FILE *out);

/* The same of a device's TCP tracking; its fields have no name in scenario files. */
bool preset_tcp_field_text(const nat_tcp_config *config, const char *field, char *text, size_t cap);
void preset_print_tcp(const nat_tcp_preset *preset, FILE *out);

/* One line per preset. */
void preset_print_list(FILE *out);

/* The same for presets of links. */
void preset_print_links(FILE *out);

#endif
