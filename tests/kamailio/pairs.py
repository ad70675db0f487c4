# SPDX-License-Identifier: GPL-2.0-or-later
"""What two phones do with each other: text, the caller's scenario and values, the callee's scenario and values."""
PAIRS = (
    ("a call that the caller ends", "uac_call", {}, "uas_call", {}),
    ("a call that the callee ends", "uac_waits", {}, "uas_hangs_up", {}),
    ("a busy callee", "uac_refused", {"final": 486}, "uas_refuses", {"final": 486}),
    ("a callee that declines", "uac_refused", {"final": 603}, "uas_refuses", {"final": 603}),
    ("a caller that gives up while it rings", "uac_cancels", {}, "uas_cancelled", {}),
    ("re-INVITE and UPDATE", "uac_changes", {}, "uas_changes", {}),
    ("PRACK", "uac_prack", {}, "uas_prack", {}),
    ("REFER and NOTIFY", "uac_refers", {}, "uas_referred", {}),
    ("MESSAGE", "uac_message", {}, "uas_message", {}),
    ("a MESSAGE of 12 KB", "uac_message", {"text": "x" * 12000 + "end"}, "uas_message", {"expected": "xend"}),
    ("OPTIONS", "uac_options", {}, "uas_options", {}),
    ("SUBSCRIBE and NOTIFY", "uac_subscribes", {}, "uas_subscribed", {}),
)
