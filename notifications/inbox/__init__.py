"""The inbox: what people are told in the app, how they want to be, and the mails that follow."""
