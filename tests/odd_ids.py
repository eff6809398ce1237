"""Ids and names that something on the way from a file to a server could mix up, or lose."""

ODD = ["a b", "a  b", "a\tb", "a\u00a0b", "a\u3000b", "a\u200bb", "\u200b", "\ufeffa", "caf\u00e9", "cafe\u0301"]
ODD += ["\U0001f600", "\u0623\u062d\u0645\u062f", "x" * 300, "l\nm", "l\r\nm", "l\rm", "l\\nm", "l\x1fnm", "l\x1fm"]
ODD += ["l\x1fem", "l\x85m", "l\u2028m", "l\x0bm", "NA", "null", "nan", "None", "0", "-", "007", "7", "7.0", "a,b"]
ODD += ['"q"', "q'r", "#x", "m\0", "<b>&amp;", "a/b?c=d#e"]
