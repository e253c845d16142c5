"""一楼一册, 一户一档: the rules of buildings, households and what is private of them. Pure."""
