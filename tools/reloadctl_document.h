/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Commands of reloadctl_document.c and reloadctl_decode.c, for the table in reloadctl_ca.c. */
#ifndef TOOLS_RELOADCTL_DOCUMENT_H
#define TOOLS_RELOADCTL_DOCUMENT_H

int document_check(int argc, char **argv);
int document_sign(int argc, char **argv);
int kind_sign(int argc, char **argv);
int decode(int argc, char **argv);

#endif
