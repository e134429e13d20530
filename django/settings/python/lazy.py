class _Lazy(types.ModuleType):
    """A module of classes that are made when Django asks for them by name.

    Django finds it whatever this file is called and however it is run. The classes cannot be made here: what
    they are made of cannot be imported while the settings are being read.
    """

    def __init__(self, name, **makers):
        super().__init__(name)
        self._makers = makers
        sys.modules[name] = self

    def __getattr__(self, name):
        maker = self.__dict__.get("_makers", {}).get(name)
        if maker is None:
            raise AttributeError(f"module {self.__name__!r} has no attribute {name!r}")
        value = maker()
        setattr(self, name, value)
        return value
