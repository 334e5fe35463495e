"""What a tool would say of an exception."""

from xnet_mm.errors import describe


def tell(function, *args, **kwargs):
    """What a tool would say of what the function raises."""
    try:
        function(*args, **kwargs)
    except BaseException as error:
        return describe(error)
    raise AssertionError('nothing was raised')
