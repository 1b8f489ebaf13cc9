"""What the help desk is about, without a database or a network: values, rules, views, errors."""
